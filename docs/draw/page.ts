import type { SchemaObject } from "./lineage";

/** The command that writes the page and its picture. */
export const COMMAND = "npx tsx docs/schema.ts";

const DATABASES: Record<string, string> = {
  zakaz: "the data",
  bi: "views for DataLens",
  meta: "journals",
};

/** The page that lists the schema, in Markdown. */
export function schemaPage(objects: SchemaObject[]): string {
  return `# The schema

Made from the system tables of a server with \`sql/\` in it, by \`${COMMAND}\`; a test fails while it is not current.
What a view reads is the server's own analysis of its query; what a table is filled from stands in \`loaders/qtickets/derive.ts\`.
Columns, types and what each column means: \`DESCRIBE TABLE zakaz.…\`, or \`npx zakaz schema show\` for all of them.

![From the sources over staging and facts to the views that dashboards read](schema.svg)
${Object.entries(DATABASES)
  .map(([database, what]) => section(database, what, objects))
  .join("")}`;
}

function section(database: string, what: string, objects: SchemaObject[]): string {
  const rows = objects.filter((object) => object.database === database).map(row);
  return `
## ${database}: ${what} (${rows.length})

| name | columns | what | made from | engine, keys, TTL |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

function row(object: SchemaObject): string {
  const from = [object.origin, ...object.reads.map(code)].filter((each) => each !== undefined);
  const kind = { View: "view", MaterializedView: `materialized view to ${code(object.writes ?? "")}` };
  const dataset = object.dataset === undefined ? "" : `, dataset \`${object.dataset}\``;
  const engine = kind[object.engine as keyof typeof kind] ?? code(object.engineFull);
  return `| \`${object.name}\` | ${object.columns} | ${object.comment} | ${from.join(", ") || "–"} | ${engine}${dataset} |`;
}

/** Names of the database \`zakaz\` go without it. */
const code = (text: string): string => `\`${text.replace(/^zakaz\./, "")}\``;
