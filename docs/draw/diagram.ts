import { instance } from "@viz-js/viz";
import type { SchemaObject } from "./lineage";

/** Fill and line of each layer, with its name in the legend. */
const LAYERS = {
  origin: { fill: "#ffffff", line: "#52606d", label: "source" },
  staging: { fill: "#e8eef7", line: "#6b8cbf", label: "staging table" },
  fact: { fill: "#e6f4ea", line: "#5a9e6f", label: "fact, ledger, dimension, plan" },
  move: { fill: "#fdf0d5", line: "#c99a2e", label: "materialized view" },
  view: { fill: "#f3eafa", line: "#9168b5", label: "view" },
  journal: { fill: "#f0f1f3", line: "#8a939d", label: "journal" },
} as const;
type Layer = keyof typeof LAYERS;

const DATASET_FILL = "#ffd9a8";
/** More inputs than that would draw a web instead of a picture: the node says how many there are. */
const MOST_INPUTS = 5;

/** Draws the schema from left to right: sources, tables, views, with the DataLens dataset that stands on a view. */
export async function drawSchema(objects: SchemaObject[]): Promise<string> {
  const viz = await instance();
  const svg = viz.renderString(dot(objects), { format: "svg", engine: "dot" });
  // Comments repeat the names; Arial is what Graphviz has the widths of, and others of its kind are as wide.
  return svg
    .slice(svg.indexOf("<svg"))
    .replace(/<!--.*?-->\n/gs, "")
    .replaceAll('font-family="Arial"', 'font-family="Arial, Liberation Sans, Helvetica, sans-serif"');
}

function dot(objects: SchemaObject[]): string {
  const origins = [...new Set(objects.flatMap(({ origin }) => origin ?? []))];
  const business = objects.filter((object) => isBusiness(object));
  const operations = objects.filter((object) => !isBusiness(object));
  return `digraph schema {
  graph [rankdir=LR, nodesep=0.12, ranksep=0.5, pad=0.2, fontname="Arial", fontsize=13, newrank=true, label=${legend()}, labelloc=t]
  node [shape=plain, fontname="Arial", fontsize=12]
  edge [color="#7b8794", arrowsize=0.6]
${origins.map((origin) => `  ${id(origin)} [label=${box("origin", origin, [])}]`).join("\n")}
${business.map(node).join("\n")}
  subgraph cluster_operations {
    label="Operations"; labeljust=l; color="#c3cad2"; style="rounded,dashed"; margin=10
${operations.map((object) => `  ${node(object)}`).join("\n")}
  }
${columns(objects, origins).join("\n")}
${objects.flatMap(edges).join("\n")}
}
`;
}

/** Layers stand in columns; operations stand in those of the facts and of the views. */
function columns(objects: SchemaObject[], origins: string[]): string[] {
  const names = (wanted: (object: SchemaObject) => boolean): string[] =>
    objects.filter(wanted).map((object) => object.id);
  const isOperation = (object: SchemaObject): boolean => !isBusiness(object);
  return [
    origins,
    names((object) => layer(object) === "staging"),
    names(
      (object) => layer(object) === "journal" || /^fact_.*daily$|^fact_.*latest$|^plan_/.test(object.name),
    ),
    names(
      (object) =>
        (isOperation(object) && object.engine === "View" && object.database !== "bi") ||
        object.name === "v_qtickets_sales_dashboard",
    ),
  ].map((column) => `  { rank=same; ${column.map(id).join("; ")} }`);
}

function legend(): string {
  const cells = Object.values(LAYERS).map(
    ({ fill, line, label }) => `<td border="1" color="${line}" bgcolor="${fill}">${label}</td>`,
  );
  cells.push(`<td bgcolor="${DATASET_FILL}">DataLens dataset</td>`);
  return `<<table border="0" cellspacing="8" cellpadding="4"><tr>${cells.join("")}</tr></table>>`;
}

/** Journals and what watches over the data stand apart from the way of the data. */
function isBusiness({ database, name }: SchemaObject): boolean {
  return database !== "meta" && !/freshness|meta_job_runs/.test(name);
}

function layer({ database, name, engine }: SchemaObject): Layer {
  if (engine === "View") return "view";
  if (engine === "MaterializedView") return "move";
  if (name.startsWith("stg_")) return "staging";
  return database === "meta" || name.startsWith("meta_") ? "journal" : "fact";
}

function node(object: SchemaObject): string {
  const key = object.sortingKey === "" ? "" : `key ${short(object.sortingKey)}`;
  const lines = [key, `${object.columns} columns${inputs(object)}${unfed(object)}`].filter(Boolean);
  const name = object.database === "zakaz" ? object.name : `${object.database}.${object.name}`;
  return `  ${id(object.id)} [label=${box(layer(object), name, lines, object.dataset)}, tooltip=${id(object.comment)}]`;
}

function inputs({ engine, reads }: SchemaObject): string {
  return engine === "View" && reads.length > MOST_INPUTS ? `, reads ${reads.length} tables` : "";
}

/** A table of data that nothing fills yet. */
function unfed(object: SchemaObject): string {
  const isFed = object.origin !== undefined || object.reads.length > 0;
  return isFed || layer(object) === "view" || layer(object) === "journal" ? "" : ", kept empty";
}

/** A key of many columns is shown by its first three. */
function short(key: string): string {
  const columns = key.split(", ");
  return columns.length > 4 ? `${columns.slice(0, 3).join(", ")}, +${columns.length - 3}` : key;
}

function box(kind: Layer, title: string, lines: string[], dataset?: string): string {
  const { fill, line } = LAYERS[kind];
  const rows = [
    `<tr><td align="left"><b>${html(title)}</b></td></tr>`,
    ...lines.map(
      (text) => `<tr><td align="left"><font point-size="10" color="#52606d">${html(text)}</font></td></tr>`,
    ),
  ];
  if (dataset !== undefined) {
    rows.push(
      `<tr><td align="left" bgcolor="${DATASET_FILL}"><font point-size="11">DataLens: ${dataset}</font></td></tr>`,
    );
  }
  return `<<table border="1" cellborder="0" cellspacing="0" cellpadding="2" color="${line}" bgcolor="${fill}">${rows.join("")}</table>>`;
}

function edges(object: SchemaObject): string[] {
  const found: string[] = [];
  if (object.origin !== undefined) found.push(`  ${id(object.origin)} -> ${id(object.id)}`);
  if (object.writes !== undefined) found.push(`  ${id(object.id)} -> ${id(object.writes)}`);
  if (object.engine === "View" && object.reads.length > MOST_INPUTS) return found;
  for (const read of object.reads) found.push(`  ${id(read)} -> ${id(object.id)}`);
  return found;
}

const id = (text: string): string => `"${text.replaceAll('"', '\\"')}"`;
const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
