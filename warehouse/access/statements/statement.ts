import type { EntityKind, Grant, NameSet, QuotaInterval, SettingRule } from "./model";

/** An access statement as read from its canonical spelling. */
export type AccessStatement =
  | {
      kind: "create";
      entity: EntityKind;
      names: string[];
      ifExists: "fail" | "skip" | "replace";
      change: Change;
    }
  | { kind: "alter"; entity: EntityKind; names: string[]; ifMissing: "fail" | "skip"; change: Change }
  | { kind: "grant"; grants: Grant[]; to: string[]; replace: boolean }
  | { kind: "grantRoles"; roles: string[]; admin: boolean; to: string[]; replace: boolean }
  | { kind: "setDefaultRole"; roles: NameSet; to: string[] };

/** What CREATE and ALTER say about an entity; what they do not name stays as it is. */
export interface Change {
  passwordSha256?: string;
  hosts?: string[];
  defaultRoles?: NameSet;
  grantees?: NameSet;
  defaultDatabase?: string;
  settings?: SettingsStep[];
  to?: NameSet;
  keys?: string[];
  intervals?: IntervalChange[];
}

export type SettingsStep =
  | { step: "dropSettings" }
  | { step: "dropProfiles" }
  | { step: "profile"; name: string }
  | { step: "setting"; name: string; rule: SettingRule };

export interface IntervalChange extends QuotaInterval {
  /** `NO LIMITS`: the interval is removed. */
  remove: boolean;
}
