import type { CodeQuery } from "./code/queries";
import type { ColumnList } from "./code/column-lists";
import type { GivenRight } from "./rights";
import type { LiveObject } from "./live";
import type { Finding } from "./finding";
import type { Scratch } from "../warehouse/scratch";
import type { SqlFile, SqlStatement } from "../warehouse/schema/source";

/** All that the rules look at. */
export interface Inspection {
  /** Files of `sql/`, in the order in which they run. */
  schema: SqlFile[];
  /** Files of `sql/migrations/`. */
  migrations: SqlFile[];
  /** SQL files given by path. */
  others: SqlFile[];
  /** The first statement of `sql/` that creates an object, by `database.name`; the canon. */
  canon: ReadonlyMap<string, SqlStatement>;
  /** What the engine holds after `sql/` was loaded, by `database.name`. */
  live: ReadonlyMap<string, LiveObject>;
  /** What `sql/` gives to whom. */
  rights: GivenRight[];
  queries: CodeQuery[];
  columnLists: ColumnList[];
  /** An engine in which `sql/` is loaded and the login users may log in. */
  scratch: Scratch;
}

/** What a rule may look at when the engine has refused the schema; `live` is empty then. */
export type StaticInspection = Omit<Inspection, "rights" | "scratch">;
export type StaticRule = (inspection: StaticInspection) => Finding[];

/** One rule of the schema; answers what breaks it. */
export type Rule = (inspection: Inspection) => Finding[] | Promise<Finding[]>;

/** An object with the statement that creates it. */
export interface CreatedObject {
  object: LiveObject;
  statement: SqlStatement;
}

/** Objects of one kind with the statement that creates them; what did not load is left out. */
export function createdObjects(
  { canon, live }: Pick<Inspection, "canon" | "live">,
  kind: SqlStatement["kind"],
): CreatedObject[] {
  return [...canon.values()].flatMap((statement) => {
    const object = live.get(statement.object ?? "");
    return statement.kind === kind && object ? [{ object, statement }] : [];
  });
}
