import { covers } from "./statements/grants";
import type { Grant } from "./statements/model";
import { isSignificant, tokenize } from "../sql/lexer";
import { quoteIfNeeded, unquote } from "../sql/quote";

/** One row of `system.privileges`. */
export interface PrivilegeRow {
  privilege: string;
  /** What it is granted on; null for a group. */
  level: string | null;
  parent_group: string | null;
}

/** Levels of privileges that can be granted on one database, and on one table or view. */
const onDatabase = ["DATABASE", "TABLE", "VIEW", "COLUMN", "DICTIONARY"];
const onTable = ["TABLE", "VIEW", "COLUMN", "DICTIONARY"];

/** The server's own tree of privileges: which of them are groups, and of what. */
export class Privileges {
  private readonly levels = new Map<string, string>();
  private readonly members = new Map<string, string[]>();

  constructor(rows: PrivilegeRow[]) {
    for (const { privilege, level, parent_group: parent } of rows) {
      if (level !== null) this.levels.set(privilege, level);
      if (parent !== null) this.members.set(parent, [...(this.members.get(parent) ?? []), privilege]);
    }
  }

  /** True for what is granted on something else than a database or a table, e.g. SET DEFINER on a user. */
  hasOwnObjects(privilege: string): boolean {
    const level = this.levels.get(privilege);
    return level !== undefined && level !== "GLOBAL" && !onDatabase.includes(level);
  }

  /**
   * Grants in normal form: elementary privileges, one column each, names written alike, without those that a wider one
   * contains (the server drops them as well).
   */
  normal(grants: Grant[]): Grant[] {
    const elementary = grants.flatMap((grant) => {
      const object = formatObject(grant.object);
      const columns = grant.columns.length > 0 ? grant.columns.map((column) => [column]) : [[]];
      return this.elements(grant.privilege, object).flatMap((privilege) =>
        columns.map((own) => ({ ...grant, privilege, object, columns: own })),
      );
    });
    const distinct = [
      ...new Map(elementary.map((grant) => [grantKey(grant) + grant.option, grant])).values(),
    ];
    return distinct.filter((grant) => grant.revoke || !distinct.some((other) => contains(other, grant)));
  }

  /** Privileges on one object with whole groups under the group's name. */
  grouped(privileges: string[], object: string): string[] {
    const left = new Set(privileges);
    const groups = [...this.members.keys()]
      .map((group) => ({ group, elements: this.elements(group, object) }))
      .filter(({ elements }) => elements.length > 1)
      .sort((a, b) => b.elements.length - a.elements.length);
    const names: string[] = [];
    for (const { group, elements } of groups) {
      if (!elements.every((element) => left.has(element))) continue;
      names.push(group);
      for (const element of elements) left.delete(element);
    }
    return [...names, ...left];
  }

  /** The elementary privileges in this one, as far as they can be granted on the object. */
  private elements(privilege: string, object: string): string[] {
    const members = this.members.get(privilege);
    if (!members || this.levels.has(privilege)) return [privilege];
    return members
      .flatMap((member) => this.elements(member, object))
      .filter((element) => fits(this.levels.get(element), object));
  }
}

/** Names one grant, whatever its grant option. */
export function grantKey({ revoke, privilege, columns, object }: Grant): string {
  return JSON.stringify([revoke, privilege, columns, object]);
}

/** `zakaz.*`, `system.one`, `*.*` with quotes only where they are needed. */
export function formatObject(object: string): string {
  return tokenize(object)
    .filter(isSignificant)
    .map(({ kind, text }) => (kind === "quotedName" ? quoteIfNeeded(unquote(text)) : text))
    .join("");
}

function contains(wide: Grant, narrow: Grant): boolean {
  return wide !== narrow && !wide.revoke && covers(wide, narrow);
}

function fits(level: string | undefined, object: string): boolean {
  if (object === "*.*") return level === "GLOBAL" || onDatabase.includes(level ?? "");
  return (object.endsWith(".*") ? onDatabase : onTable).includes(level ?? "");
}
