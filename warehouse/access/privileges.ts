import type { Grant } from "./state";

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
   * Grants with every group as its members, as a server shows a group by its name as long as none of it is missing. What this
   * server does not know is left out: it cannot be given here.
   */
  expand(grants: Grant[]): Grant[] {
    return grants.flatMap((grant) =>
      this.elements(grant.privilege, grant.object)
        .filter((privilege) => this.levels.has(privilege))
        .map((privilege) => ({ ...grant, privilege })),
    );
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

function fits(level: string | undefined, object: string): boolean {
  if (object === "*.*") return level === "GLOBAL" || onDatabase.includes(level ?? "");
  return (object.endsWith(".*") ? onDatabase : onTable).includes(level ?? "");
}
