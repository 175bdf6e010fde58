import { quoteIfNeeded, quoteText } from "../sql/quote";

/** Access as a server has it, in its own words: the declared state and the live one are read alike, by `readAccess`. */
export interface AccessState {
  users: Record<string, UserState>;
  roles: Record<string, Role>;
  profiles: Record<string, Profile>;
  quotas: Record<string, Quota>;
  /** By `name ON database.table`. */
  rowPolicies: Record<string, RowPolicy>;
  collections: Record<string, NamedCollection>;
}

/** The kinds of things that are declared. */
export type StateKind = keyof AccessState;

/** Who may be given something: a user or a role. */
export interface Grantee {
  grants: Grant[];
  roles: RoleGrant[];
  settings: SettingsBlock;
}

export interface RoleGrant {
  role: string;
  admin: boolean;
}

/** One privilege (or group of them) on one object, given or (as a hole in a wider one) revoked. */
export interface Grant {
  revoke: boolean;
  /** The right to grant it on; on a revoke: that right alone is revoked. */
  option: boolean;
  privilege: string;
  /** At most one. */
  columns: string[];
  /** `zakaz.*`, `system.one`, `*.*`, with quotes only where they are needed. */
  object: string;
}

/** With `all`, everybody but the named ones; otherwise the named ones. */
export interface NameSet {
  all: boolean;
  names: string[];
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

/** Made by the server's configuration, where no statement can change it. */
interface Configurable {
  configured?: boolean;
}

export interface Role extends Grantee, Configurable {}

export interface Profile extends Configurable {
  settings: SettingsBlock;
  to: NameSet;
}

export interface Quota extends Configurable {
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

export interface RowPolicy extends Configurable {
  /** Rows that are seen, as an expression. */
  filter: string;
  restrictive: boolean;
  to: NameSet;
}

/** Values of a named collection by key; {@link HIDDEN} where the server does not show them. */
export interface NamedCollection extends Configurable {
  values: Record<string, string>;
}

/** A hash that no password has. */
export const LOCKED = "0".repeat(64);

/** What a server answers in place of a value that it does not show. */
export const HIDDEN = "[HIDDEN]";

export interface UserState extends Grantee, Configurable {
  /** Ways to log in, each as in `system.users`, e.g. `sha256_password`; from 24.9 on there may be several. */
  authentication: string[];
  /** Timestamps at which they end, as the server writes them; one without an end is not here. */
  validUntil: string[];
  /** sha256 of the password, 64 hex digits; the server shows it to nobody, so only the declared state knows it. */
  passwordSha256?: string;
  /** `ANY`, `LOCAL`, addresses, CIDR networks, `NAME x`, `LIKE x`, `REGEXP x`; empty: from nowhere. */
  hosts: string[];
  defaultRoles: string[];
  /** To whom the user may give rights, where it may pass them on. */
  grantees: NameSet;
  /** Empty: none of its own. */
  defaultDatabase: string;
}

/** Password and hosts of one login user: what `sql/10_access.sql` leaves open. */
export interface Login {
  user: string;
  passwordSha256: string;
  /** Addresses and CIDR networks. */
  hosts: string[];
  /** Of a reader that `sql/10_access.sql` does not name: the views it may read; empty: all that `datalens_reader` may. */
  views?: string[] | undefined;
}

/** `2 MIN 1 MAX 4 CONST`, as it stands behind the `=` of a setting. */
export function formatRule(rule: SettingRule): string {
  const parts = [
    rule.value === undefined ? [] : [formatValue(rule.value)],
    rule.min === undefined ? [] : [`MIN ${formatValue(rule.min)}`],
    rule.max === undefined ? [] : [`MAX ${formatValue(rule.max)}`],
    rule.writability === undefined ? [] : [rule.writability],
  ];
  return parts.flat().join(" ");
}

/** A rule with its values as in the server's tables. */
export function normalRule({ value, min, max, writability }: SettingRule): SettingRule {
  return {
    ...(value === undefined ? {} : { value: normalValue(value) }),
    ...(min === undefined ? {} : { min: normalValue(min) }),
    ...(max === undefined ? {} : { max: normalValue(max) }),
    ...(writability === undefined ? {} : { writability }),
  };
}

/** A value in one form: `1` for `true`, `30` for `30.`. */
function normalValue(value: string): string {
  if (value === "true") return "1";
  if (value === "false") return "0";
  return /^-?\d+\.0*$/.test(value) ? value.slice(0, value.indexOf(".")) : value;
}

function formatValue(value: string): string {
  return /^-?\d+(\.\d+)?$/.test(value) ? value : quoteText(value);
}

/** `NONE`, names, or all but some; `all` is the word for everybody. */
export function formatNames({ all, names }: NameSet, word: "ALL" | "ANY" = "ALL"): string {
  const list = [...names].sort().map(quoteIfNeeded).join(", ");
  if (!all) return list || "NONE";
  return list === "" ? word : `${word} EXCEPT ${list}`;
}

/** The entry itself, never what every object inherits (`constructor`). */
export function own<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
