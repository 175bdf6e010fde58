import { XMLBuilder } from "fast-xml-parser";
import { notSupported } from "../../access/access-error";
import { grantElement, quoteName } from "../../access/grants";
import type {
  AccessModel,
  Grant,
  Grantee,
  Profile,
  Quota,
  QuotaInterval,
  SettingsBlock,
  User,
} from "../../access/model";

/**
 * The model as a file of users.d. Names are sorted, so that equal models give equal files. Throws AccessError for what
 * users.xml cannot say.
 */
export function renderUsersXml(model: AccessModel): string {
  const users = mapSorted(model.users, (user, name) => renderUser(model, user, name));
  const ownProfiles = mapSorted(model.users, (user, name) => {
    const block = effectiveSettings(model, user, name);
    return isOneProfile(block) ? undefined : renderSettings(block);
  });
  const profiles = {
    ...mapSorted(model.profiles, (profile) => renderSettings(profile.settings)),
    ...Object.fromEntries(
      Object.entries(ownProfiles).map(([name, settings]) => [ownProfile(name), settings]),
    ),
  };
  return new XMLBuilder({ format: true, indentBy: "  ", suppressEmptyNode: false }).build({
    clickhouse: {
      profiles,
      quotas: mapSorted(model.quotas, renderQuota),
      roles: mapSorted(model.roles, (role) => ({
        grants: {
          query: renderGrants(
            role,
            role.roles.map((one) => one.role),
          ),
        },
      })),
      users,
    },
  });
}

function renderUser(model: AccessModel, user: User, name: string): object {
  return {
    password_sha256_hex: user.passwordSha256,
    networks: { ip: user.hosts.flatMap(renderHost) },
    profile: isOneProfile(effectiveSettings(model, user, name))
      ? effectiveProfile(model, user, name)
      : ownProfile(name),
    quota: quotaOf(model, user, name),
    grants: { query: renderGrants(user, defaultRoles(user)) },
  };
}

/** users.xml knows no role that is granted and not default: only the default ones are given. */
function defaultRoles({ roles, defaultRoles: chosen }: User): string[] {
  return roles.map((one) => one.role).filter((role) => chosen.all !== chosen.names.includes(role));
}

function renderGrants(grantee: Grantee, roles: string[]): string[] {
  const privileges = grantee.grants.map(renderGrant);
  const given = grantee.roles.filter((one) => roles.includes(one.role));
  return [
    ...privileges,
    ...given.map((one) => `GRANT ${quoteName(one.role)}${one.admin ? " WITH ADMIN OPTION" : ""}`),
  ];
}

function renderGrant(grant: Grant): string {
  const what = grantElement(grant);
  if (grant.revoke) return `REVOKE ${grant.option ? "GRANT OPTION FOR " : ""}${what}`;
  return `GRANT ${what}${grant.option ? " WITH GRANT OPTION" : ""}`;
}

function renderHost(host: string): string[] {
  if (host === "ANY") return ["::/0"];
  return host === "LOCAL" ? ["127.0.0.1", "::1"] : [host];
}

function ownProfile(user: string): string {
  return `${user}_own_profile`;
}

/** What reaches the user: profiles given `TO` it or its roles, its roles' settings, its own. */
function effectiveSettings(model: AccessModel, user: User, name: string): SettingsBlock {
  const roles = allRoles(model, defaultRoles(user));
  const assigned = Object.entries(model.profiles).filter(([, profile]) => isTarget(profile, name, roles));
  const blocks = [...roles.flatMap((role) => model.roles[role]?.settings ?? []), user.settings];
  return {
    profiles: [
      ...new Set([...assigned.map(([profile]) => profile), ...blocks.flatMap((block) => block.profiles)]),
    ],
    settings: Object.assign({}, ...blocks.map((block) => block.settings)) as SettingsBlock["settings"],
  };
}

function isOneProfile({ profiles, settings }: SettingsBlock): boolean {
  return profiles.length <= 1 && Object.keys(settings).length === 0;
}

function effectiveProfile(model: AccessModel, user: User, name: string): string {
  return effectiveSettings(model, user, name).profiles[0] ?? "default";
}

function quotaOf(model: AccessModel, user: User, name: string): string {
  const roles = allRoles(model, defaultRoles(user));
  const [quota = "default", second] = Object.keys(model.quotas).filter((one) =>
    isTarget(model.quotas[one] as Quota, name, roles),
  );
  if (second !== undefined)
    throw notSupported(`two quotas for user \`${name}\` (\`${quota}\`, \`${second}\`)`);
  return quota;
}

function isTarget({ to }: Profile | Quota, user: string, roles: string[]): boolean {
  return to.includes(user) || roles.some((role) => to.includes(role));
}

/** The roles and the roles given to them. */
function allRoles(model: AccessModel, roles: string[]): string[] {
  const found = new Set<string>();
  const add = (role: string) => {
    if (found.has(role)) return;
    found.add(role);
    for (const inner of model.roles[role]?.roles ?? []) add(inner.role);
  };
  roles.forEach(add);
  return [...found];
}

function renderSettings({ profiles, settings }: SettingsBlock): object {
  const values = Object.entries(settings).flatMap(([name, { value }]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  const constraints = Object.entries(settings).flatMap(([name, rule]): [string, object][] => {
    const limits = {
      ...(rule.min === undefined ? {} : { min: rule.min }),
      ...(rule.max === undefined ? {} : { max: rule.max }),
      ...(rule.writability === "CONST" ? { const: "" } : {}),
      ...(rule.writability === "CHANGEABLE_IN_READONLY" ? { changeable_in_readonly: "" } : {}),
    };
    return Object.keys(limits).length > 0 ? [[name, limits]] : [];
  });
  return {
    profile: profiles,
    ...Object.fromEntries<string>(values),
    ...(constraints.length > 0 ? { constraints: Object.fromEntries<object>(constraints) } : {}),
  };
}

const quotaKeys: Record<Quota["keyedBy"], object> = {
  user_name: {},
  ip_address: { keyed_by_ip: "" },
  forwarded_ip_address: { keyed_by_forwarded_ip: "" },
  client_key_or_user_name: { keyed: "" },
};

function renderQuota({ keyedBy, intervals }: Quota): object {
  return { ...quotaKeys[keyedBy], interval: intervals.map(renderInterval) };
}

function renderInterval({ seconds, randomized, limits }: QuotaInterval): object {
  return { duration: seconds, ...(randomized ? { randomize: "true" } : {}), ...limits };
}

function mapSorted<Value, Result>(
  record: Record<string, Value>,
  render: (value: Value, name: string) => Result | undefined,
): Record<string, Result> {
  const entries = Object.keys(record)
    .sort()
    .map((name): [string, Result | undefined] => [name, render(record[name] as Value, name)]);
  return Object.fromEntries(entries.filter((entry): entry is [string, Result] => entry[1] !== undefined));
}
