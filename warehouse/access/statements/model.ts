/** Access as statements declare it, one after another. */
export interface AccessModel {
  users: Record<string, User>;
  roles: Record<string, Grantee>;
  profiles: Record<string, Profile>;
  quotas: Record<string, Quota>;
}

export type EntityKind = "users" | "roles" | "profiles" | "quotas";

export interface Grantee {
  /** Grants and revokes in the order in which they apply. */
  grants: Grant[];
  roles: RoleGrant[];
  settings: SettingsBlock;
}

export interface User extends Grantee {
  passwordSha256: string;
  /** `ANY`, `LOCAL`, or addresses and CIDR networks; empty: from nowhere. */
  hosts: string[];
  /** Of the granted roles. */
  defaultRoles: NameSet;
  /** To whom the user may give rights, where it may pass them on. */
  grantees: NameSet;
  /** Empty: none of its own. */
  defaultDatabase: string;
}

/** With `all`, everybody but the named ones; otherwise the named ones. */
export interface NameSet {
  all: boolean;
  names: string[];
}

export interface RoleGrant {
  role: string;
  admin: boolean;
}

/** One privilege on one object, given or (as a hole in a wider one) revoked. */
export interface Grant {
  revoke: boolean;
  /** The right to grant it on; on a revoke: that right alone is revoked. */
  option: boolean;
  privilege: string;
  columns: string[];
  /** As formatQuery spells it: `zakaz.*`, `*.*`, … */
  object: string;
}

export interface SettingsBlock {
  profiles: string[];
  settings: Record<string, SettingRule>;
}

export interface SettingRule {
  value?: string;
  min?: string;
  max?: string;
  writability?: "CONST" | "CHANGEABLE_IN_READONLY";
}

export interface Profile {
  settings: SettingsBlock;
  to: NameSet;
}

export interface Quota {
  /** What it counts by, e.g. `client_key`, `user_name`; empty: all together. */
  keys: string[];
  intervals: QuotaInterval[];
  to: NameSet;
}

export interface QuotaInterval {
  seconds: number;
  randomized: boolean;
  /** By the setting's name, e.g. `queries`, `execution_time` (seconds). Empty: counted only. */
  limits: Record<string, number>;
}

export function emptyModel(): AccessModel {
  return { users: {}, roles: {}, profiles: {}, quotas: {} };
}
