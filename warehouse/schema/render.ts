import type { Column, Entry } from "./model";

/** A string literal. */
export function quotedText(text: string): string {
  return `'${text.replace(/[\\']/g, (c) => `\\${c}`).replaceAll("\n", "\\n")}'`;
}

/** A name that may hold anything. */
export function quotedName(name: string): string {
  return `\`${name.replace(/[\\`]/g, (c) => `\\${c}`)}\``;
}

/** `database.name` with quotes where they are needed. */
export function qualified(name: string): string {
  const [database, ...rest] = name.split(".");
  return [database ?? "", rest.join(".")]
    .filter((part) => part !== "")
    .map((part) => (/^[A-Za-z_]\w*$/.test(part) ? part : quotedName(part)))
    .join(".");
}

/** Declaration of a column, as it stands in CREATE TABLE and behind ADD or MODIFY COLUMN. */
export function columnDeclaration(column: Column): string {
  const { default: value } = column;
  return [
    quotedName(column.name),
    column.type,
    value && `${value.kind} ${value.expression}`.trimEnd(),
    column.comment === undefined ? undefined : `COMMENT ${quotedText(column.comment)}`,
    column.codec,
    column.rest,
    column.ttl && `TTL ${column.ttl}`,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
}

/** Declaration of a CONSTRAINT, an INDEX or a PROJECTION. */
export function entryDeclaration(entry: Entry): string {
  return `${entry.kind} ${quotedName(entry.name)} ${entry.definition}`;
}
