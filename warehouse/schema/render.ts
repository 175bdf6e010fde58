import { quoteIfNeeded, quoteName, quoteText } from "../sql/quote";
import type { Column, Entry } from "./model";

/** `database.name` with quotes where they are needed. */
export function quoteObject(name: string): string {
  const [database, ...rest] = name.split(".");
  return [database ?? "", rest.join(".")]
    .filter((part) => part !== "")
    .map(quoteIfNeeded)
    .join(".");
}

/** Declaration of a column, as it stands in CREATE TABLE and behind ADD or MODIFY COLUMN. */
export function columnDeclaration(column: Column): string {
  const { default: value } = column;
  return [
    quoteName(column.name),
    column.type,
    value && `${value.kind} ${value.expression}`.trimEnd(),
    column.comment === undefined ? undefined : `COMMENT ${quoteText(column.comment)}`,
    column.codec,
    column.rest,
    column.ttl && `TTL ${column.ttl}`,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
}

/** Declaration of a CONSTRAINT, an INDEX or a PROJECTION. */
export function entryDeclaration(entry: Entry): string {
  return `${entry.kind} ${quoteName(entry.name)} ${entry.definition}`;
}
