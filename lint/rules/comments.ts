import { at, type Finding } from "../finding";
import { createdObjects, type Inspection } from "../inspection";
import type { SqlStatement } from "../../warehouse/schema/source";

/** Every table, view and column says what it is. */
export function comments(inspection: Inspection): Finding[] {
  const kinds = ["create_table", "create_view", "create_materialized_view"] as const;
  return kinds
    .flatMap((kind) => createdObjects(inspection, kind))
    .flatMap(({ object, statement }) => [
      ...(object.comment === "" ? [missingComment(statement, object.name)] : []),
      ...object.columns
        .filter(({ comment }) => comment === "")
        .map(({ name }) => missingComment(statement, `${object.name}.${name}`, name)),
    ]);
}

function missingComment(statement: SqlStatement, object: string, ...words: string[]): Finding {
  return { ...at(statement, object, "has no comment", "an English COMMENT", ...words), harmless: true };
}
