import { users } from "../../catalogue";
import { DeclarationError } from "./declaration-error";
import { withGrant } from "./grants";
import type {
  AccessModel,
  EntityKind,
  Grantee,
  NameSet,
  Quota,
  QuotaInterval,
  SettingsBlock,
  User,
} from "./model";
import type { AccessStatement, Change, IntervalChange, SettingsStep } from "./statement";

/** What of the server's configuration statements may refer to. */
const OF_THE_SERVER = { user: users.admin, profile: "default" };

const nouns: Record<EntityKind, string> = {
  users: "user",
  roles: "role",
  profiles: "settings profile",
  quotas: "quota",
};

/**
 * The model after the statement; the given one is left as it is.
 * @throws DeclarationError where it names what is not declared before it, or declares what is
 */
export function applyStatement(before: AccessModel, statement: AccessStatement): AccessModel {
  const model = structuredClone(before);
  const change = new ModelChange(model);
  switch (statement.kind) {
    case "create":
      for (const name of statement.names)
        change.create(statement.entity, name, statement.ifExists, statement.change);
      break;
    case "alter":
      for (const name of statement.names)
        change.alter(statement.entity, name, statement.ifMissing, statement.change);
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
  constructor(private readonly model: AccessModel) {}

  create(entity: EntityKind, name: string, ifExists: "fail" | "skip" | "replace", change: Change): void {
    const exists = Object.hasOwn(this.model[entity], name);
    if (exists && ifExists === "skip") return;
    if (exists && ifExists === "fail") {
      throw new DeclarationError(`the ${nouns[entity]} \`${name}\` is declared already`);
    }
    switch (entity) {
      case "users":
        this.model.users[name] = newUser();
        // As on the server: the roles named by CREATE are granted too.
        if (change.defaultRoles && !change.defaultRoles.all) {
          this.grantRoles(name, change.defaultRoles.names, false, false);
        }
        break;
      case "roles":
        this.model.roles[name] = newGrantee();
        break;
      case "profiles":
        this.model.profiles[name] = { settings: emptySettings(), to: nobody() };
        break;
      case "quotas":
        this.model.quotas[name] = { keys: [], intervals: [], to: nobody() };
        break;
    }
    this.change(entity, name, change);
  }

  alter(entity: EntityKind, name: string, ifMissing: "fail" | "skip", change: Change): void {
    if (ifMissing === "skip" && !Object.hasOwn(this.model[entity], name)) return;
    this.change(entity, name, change);
  }

  user(name: string): User {
    return entryOf(this.model.users, name, nouns.users);
  }

  /** A user or a role. */
  grantee(name: string): Grantee {
    return entryOf({ ...this.model.roles, ...this.model.users }, name, "user or role");
  }

  grantRoles(name: string, roles: string[], admin: boolean, replace: boolean): void {
    const grantee = this.grantee(name);
    if (replace) grantee.roles = [];
    for (const role of roles) {
      entryOf(this.model.roles, role, nouns.roles);
      const given = grantee.roles.find((one) => one.role === role);
      if (given) given.admin ||= admin;
      else grantee.roles.push({ role, admin });
    }
  }

  setDefaultRoles(user: User, name: string, defaultRoles: NameSet): void {
    for (const role of defaultRoles.names) {
      entryOf(this.model.roles, role, nouns.roles);
      if (!defaultRoles.all && !user.roles.some((one) => one.role === role)) {
        throw new DeclarationError(
          `the role \`${role}\` is not granted to \`${name}\`, so it cannot be a default role`,
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
        this.changeSettings(entryOf(this.model.roles, name, nouns.roles).settings, change.settings);
        break;
      case "profiles": {
        const profile = entryOf(this.model.profiles, name, nouns.profiles);
        this.changeSettings(profile.settings, change.settings);
        if (change.to) profile.to = this.targets(change.to);
        break;
      }
      case "quotas":
        this.changeQuota(entryOf(this.model.quotas, name, nouns.quotas), change);
        break;
    }
  }

  private changeUser(user: User, name: string, change: Change): void {
    if (change.passwordSha256 !== undefined) user.passwordSha256 = change.passwordSha256;
    if (change.hosts) user.hosts = change.hosts;
    if (change.defaultRoles) this.setDefaultRoles(user, name, change.defaultRoles);
    if (change.grantees) user.grantees = this.targets(change.grantees);
    if (change.defaultDatabase !== undefined) user.defaultDatabase = change.defaultDatabase;
    this.changeSettings(user.settings, change.settings);
  }

  private changeQuota(quota: Quota, change: Change): void {
    if (change.keys) quota.keys = change.keys;
    for (const interval of change.intervals ?? []) quota.intervals = withInterval(quota.intervals, interval);
    if (change.to) quota.to = this.targets(change.to);
  }

  private changeSettings(block: SettingsBlock, steps: SettingsStep[] = []): void {
    for (const step of steps) {
      if (step.step === "dropSettings") block.settings = {};
      else if (step.step === "dropProfiles") block.profiles = [];
      else if (step.step === "setting") block.settings[step.name] = step.rule;
      else {
        if (step.name !== OF_THE_SERVER.profile) entryOf(this.model.profiles, step.name, nouns.profiles);
        if (!block.profiles.includes(step.name)) block.profiles.push(step.name);
      }
    }
  }

  private targets(set: NameSet): NameSet {
    for (const name of set.names) if (name !== OF_THE_SERVER.user) this.grantee(name);
    return set;
  }
}

function withInterval(intervals: QuotaInterval[], change: IntervalChange): QuotaInterval[] {
  const { remove, ...interval } = change;
  const others = intervals.filter((one) => one.seconds !== interval.seconds);
  return remove ? others : [...others, interval].sort((a, b) => a.seconds - b.seconds);
}

/** The entry itself, never what every object inherits (`constructor`). */
function entryOf<Value>(record: Record<string, Value>, name: string, noun: string): Value {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  if (value === undefined) throw new DeclarationError(`no ${noun} \`${name}\` is declared before this`);
  return value;
}

function newUser(): User {
  return {
    ...newGrantee(),
    passwordSha256: "",
    hosts: ["ANY"],
    defaultRoles: { all: true, names: [] },
    grantees: { all: true, names: [] },
    defaultDatabase: "",
  };
}

function newGrantee(): Grantee {
  return { grants: [], roles: [], settings: emptySettings() };
}

function emptySettings(): SettingsBlock {
  return { profiles: [], settings: {} };
}

function nobody(): NameSet {
  return { all: false, names: [] };
}
