import { AccessError } from "./access-error";
import { withGrant } from "./grants";
import type {
  AccessModel,
  DefaultRoles,
  EntityKind,
  Grantee,
  Profile,
  Quota,
  QuotaInterval,
  SettingsBlock,
  User,
} from "./model";
import type { AccessStatement, Change, IntervalChange, SettingsStep } from "./statement";

/** Names kept in the configuration files: SQL may refer to them and not change them. */
export type StaticNames = Record<EntityKind, ReadonlySet<string>>;

const entityNames: Record<EntityKind, { one: string; code: number; name: string }> = {
  users: { one: "user", code: 192, name: "UNKNOWN_USER" },
  roles: { one: "role", code: 511, name: "UNKNOWN_ROLE" },
  profiles: { one: "settings profile", code: 180, name: "THERE_IS_NO_PROFILE" },
  quotas: { one: "quota", code: 199, name: "UNKNOWN_QUOTA" },
};

/** The model after the statement; the given one is left as it is. Throws AccessError. */
export function applyStatement(
  before: AccessModel,
  statement: AccessStatement,
  fixed: StaticNames,
): AccessModel {
  const model = structuredClone(before);
  const change = new ModelChange(model, fixed);
  switch (statement.kind) {
    case "create":
      for (const name of statement.names)
        change.create(statement.entity, name, statement.ifExists, statement.change);
      break;
    case "alter":
      for (const name of statement.names)
        change.alter(statement.entity, name, statement.ifMissing, statement.change);
      break;
    case "drop":
      for (const name of statement.names) change.drop(statement.entity, name, statement.ifMissing);
      break;
    case "grant":
      for (const name of statement.to) {
        const grantee = change.grantee(name);
        if (statement.replace) grantee.grants = [];
        for (const grant of statement.grants) {
          if (!isNothing(grant.privilege)) grantee.grants = withGrant(grantee.grants, grant);
        }
      }
      break;
    case "grantRoles":
      for (const name of statement.to)
        change.grantRoles(name, statement.roles, statement.admin, statement.replace);
      break;
    case "revokeRoles":
      for (const name of statement.from) change.revokeRoles(name, statement.roles, statement.adminOnly);
      break;
    case "setDefaultRole":
      for (const name of statement.to) change.setDefaultRoles(change.user(name), name, statement.roles);
      break;
  }
  return model;
}

/** `GRANT USAGE` gives nothing; it is the canonical spelling of `GRANT NONE`. */
function isNothing(privilege: string): boolean {
  return privilege === "USAGE" || privilege === "NONE";
}

class ModelChange {
  constructor(
    private readonly model: AccessModel,
    private readonly fixed: StaticNames,
  ) {}

  create(entity: EntityKind, name: string, ifExists: "fail" | "skip" | "replace", change: Change): void {
    const { one } = entityNames[entity];
    const exists = Object.hasOwn(this.model[entity], name) || this.fixed[entity].has(name);
    if (exists && ifExists === "skip") return;
    if (this.fixed[entity].has(name)) throw readOnly("insert", one, name);
    if (exists && ifExists === "fail") {
      throw new AccessError(
        493,
        "ACCESS_ENTITY_ALREADY_EXISTS",
        `${one} \`${name}\`: cannot insert because ${one} \`${name}\` already exists in the access file.`,
      );
    }
    switch (entity) {
      case "users":
        this.model.users[name] = {
          ...newGrantee(),
          passwordSha256: "",
          hosts: ["ANY"],
          defaultRoles: { all: true, names: [] },
        };
        // As on a server: the roles named by CREATE are granted too.
        if (change.defaultRoles && !change.defaultRoles.all) {
          this.grantRoles(name, change.defaultRoles.names, false, false);
        }
        break;
      case "roles":
        this.model.roles[name] = newGrantee();
        break;
      case "profiles":
        this.model.profiles[name] = { settings: emptySettings(), to: [] };
        break;
      case "quotas":
        this.model.quotas[name] = { keyedBy: "user_name", intervals: [], to: [] };
        break;
    }
    this.change(entity, name, change);
  }

  alter(entity: EntityKind, name: string, ifMissing: "fail" | "skip", change: Change): void {
    if (this.isMissing(entity, name, ifMissing, "update")) return;
    this.change(entity, name, change);
  }

  drop(entity: EntityKind, name: string, ifMissing: "fail" | "skip"): void {
    if (this.isMissing(entity, name, ifMissing, "remove")) return;
    delete this.model[entity][name];
    if (entity === "profiles") this.forgetProfile(name);
    if (entity === "users" || entity === "roles") this.forgetGrantee(name, entity);
  }

  user(name: string): User {
    const user = own(this.model.users, name);
    if (!user) throw this.fixed.users.has(name) ? readOnly("update", "user", name) : unknown("users", name);
    return user;
  }

  /** A user or a role. */
  grantee(name: string): Grantee {
    const grantee = own(this.model.users, name) ?? own(this.model.roles, name);
    if (grantee) return grantee;
    if (this.fixed.users.has(name)) throw readOnly("update", "user", name);
    throw new AccessError(511, "UNKNOWN_ROLE", `There is no user or role \`${name}\`.`);
  }

  grantRoles(name: string, roles: string[], admin: boolean, replace: boolean): void {
    const grantee = this.grantee(name);
    if (replace) grantee.roles = [];
    for (const role of roles) {
      if (!Object.hasOwn(this.model.roles, role)) throw unknown("roles", role);
      const given = grantee.roles.find((one) => one.role === role);
      if (given) given.admin ||= admin;
      else grantee.roles.push({ role, admin });
    }
  }

  revokeRoles(name: string, roles: string[], adminOnly: boolean): void {
    const grantee = this.grantee(name);
    for (const role of roles) if (!Object.hasOwn(this.model.roles, role)) throw unknown("roles", role);
    grantee.roles = grantee.roles
      .filter((one) => adminOnly || !roles.includes(one.role))
      .map((one) => (roles.includes(one.role) ? { ...one, admin: false } : one));
  }

  setDefaultRoles(user: User, name: string, defaultRoles: DefaultRoles): void {
    for (const role of defaultRoles.names) {
      if (!Object.hasOwn(this.model.roles, role)) throw unknown("roles", role);
      if (!defaultRoles.all && !user.roles.some((one) => one.role === role)) {
        throw new AccessError(
          512,
          "SET_NON_GRANTED_ROLE",
          `Role \`${role}\` is not granted to user \`${name}\`, so it cannot be a default role.`,
        );
      }
    }
    user.defaultRoles = defaultRoles;
  }

  private change(entity: EntityKind, name: string, change: Change): void {
    switch (entity) {
      case "users":
        this.changeUser(this.user(name), name, change);
        break;
      case "roles":
        this.changeSettings(this.grantee(name).settings, change.settings);
        break;
      case "profiles":
        this.changeProfile(this.model.profiles[name] as Profile, change);
        break;
      case "quotas":
        this.changeQuota(this.model.quotas[name] as Quota, change);
        break;
    }
  }

  private changeUser(user: User, name: string, change: Change): void {
    if (change.passwordSha256 !== undefined) user.passwordSha256 = change.passwordSha256;
    if (change.hosts) user.hosts = change.hosts;
    if (change.defaultRoles) this.setDefaultRoles(user, name, change.defaultRoles);
    this.changeSettings(user.settings, change.settings);
  }

  private changeProfile(profile: Profile, change: Change): void {
    this.changeSettings(profile.settings, change.settings);
    if (change.to) profile.to = this.targets(change.to);
  }

  private changeQuota(quota: Quota, change: Change): void {
    if (change.keyedBy) quota.keyedBy = change.keyedBy;
    for (const interval of change.intervals ?? []) quota.intervals = withInterval(quota.intervals, interval);
    if (change.to) quota.to = this.targets(change.to);
  }

  private changeSettings(block: SettingsBlock, steps: SettingsStep[] = []): void {
    for (const step of steps) {
      if (step.step === "dropSettings") block.settings = {};
      else if (step.step === "dropProfiles") block.profiles = [];
      else if (step.step === "setting") block.settings[step.name] = step.rule;
      else {
        if (!Object.hasOwn(this.model.profiles, step.name) && !this.fixed.profiles.has(step.name)) {
          throw unknown("profiles", step.name);
        }
        if (!block.profiles.includes(step.name)) block.profiles.push(step.name);
      }
    }
  }

  private targets(names: string[]): string[] {
    for (const name of names) this.grantee(name);
    return names;
  }

  private isMissing(entity: EntityKind, name: string, ifMissing: "fail" | "skip", verb: string): boolean {
    if (Object.hasOwn(this.model[entity], name)) return false;
    if (this.fixed[entity].has(name)) throw readOnly(verb, entityNames[entity].one, name);
    if (ifMissing === "fail") throw unknown(entity, name);
    return true;
  }

  private forgetProfile(name: string): void {
    const { users, roles, profiles } = this.model;
    for (const { settings } of [users, roles, profiles].flatMap((group) =>
      Object.values<{ settings: SettingsBlock }>(group),
    )) {
      settings.profiles = settings.profiles.filter((profile) => profile !== name);
    }
  }

  private forgetGrantee(name: string, entity: "users" | "roles"): void {
    const { users, roles, profiles, quotas } = this.model;
    if (!Object.hasOwn(users, name) && !Object.hasOwn(roles, name)) {
      for (const target of [...Object.values(profiles), ...Object.values(quotas)]) {
        target.to = target.to.filter((one) => one !== name);
      }
    }
    if (entity === "users") return;
    for (const grantee of [...Object.values(users), ...Object.values(roles)]) {
      grantee.roles = grantee.roles.filter((one) => one.role !== name);
    }
    for (const user of Object.values(users)) {
      user.defaultRoles.names = user.defaultRoles.names.filter((one) => one !== name);
    }
  }
}

function withInterval(intervals: QuotaInterval[], change: IntervalChange): QuotaInterval[] {
  const { remove, ...interval } = change;
  const others = intervals.filter((one) => one.seconds !== interval.seconds);
  return remove ? others : [...others, interval].sort((a, b) => a.seconds - b.seconds);
}

/** The entry itself, never what every object inherits (`constructor`). */
function own<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function newGrantee(): Grantee {
  return { grants: [], roles: [], settings: emptySettings() };
}

function emptySettings(): SettingsBlock {
  return { profiles: [], settings: {} };
}

function unknown(entity: EntityKind, name: string): AccessError {
  const { one, code, name: codeName } = entityNames[entity];
  return new AccessError(code, codeName, `There is no ${one} \`${name}\`.`);
}

function readOnly(verb: string, one: string, name: string): AccessError {
  return new AccessError(
    495,
    "ACCESS_STORAGE_READONLY",
    `Cannot ${verb} ${one} \`${name}\` in users_xml because this storage is readonly.`,
  );
}
