import type { Grantee, NameSet, Profile, Quota, SettingRule } from "./statements/model";
import { quoteIfNeeded, quoteText } from "../sql/quote";

/**
 * Access in the form in which declared and live are compared. Every grant has one elementary privilege and at most one
 * column; default roles are names; numbers and booleans in settings are written as in the server's tables.
 */
export interface AccessState {
  users: Record<string, UserState>;
  roles: Record<string, Grantee>;
  profiles: Record<string, Profile>;
  quotas: Record<string, Quota>;
  /** To whom each is given, by `name ON database.table`. */
  rowPolicies: Record<string, { to: NameSet }>;
}

export interface UserState extends Grantee {
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
  /** Made by the server's configuration, where no statement can change it. */
  configured?: boolean;
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

/** The kinds of things that are declared. */
export type StateKind = "users" | "roles" | "profiles" | "quotas";

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
