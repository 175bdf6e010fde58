import { at, type Finding } from "../finding";
import { createdObjects, type Inspection } from "../inspection";
import type { LiveColumn, LiveObject } from "../live";
import type { SqlStatement } from "../../warehouse/schema/source";

const TIMESTAMP = "DateTime('Europe/Moscow')";
/** The one figure that is no money: its unit is part of the metric's name. */
const FLOATS: ReadonlySet<string> = new Set(["meta.sli_daily.metric_value"]);

/** Engine, version, load time and the types of columns. */
export function tables(inspection: Inspection): Finding[] {
  return createdObjects(inspection, "create_table").flatMap(({ object, statement }) => [
    ...versionFaults(object, statement),
    ...object.columns.flatMap((column) =>
      typeFaults(object, column).map(([wrong, expected]) =>
        at(statement, `${object.name}.${column.name}`, wrong, expected, column.name),
      ),
    ),
  ]);
}

function versionFaults({ name, engineFull, columns }: LiveObject, statement: SqlStatement): Finding[] {
  const findings: Finding[] = [];
  const engine = /^\w+(?:\([^()]*\))?/.exec(engineFull)?.[0] ?? engineFull;
  if (engine !== "ReplacingMergeTree(_ver)")
    findings.push(at(statement, name, `engine ${engine}`, "ReplacingMergeTree(_ver)", "ENGINE"));
  const last = columns
    .slice(-2)
    .map((column) => `${column.name} ${column.type}`)
    .join(", ");
  const wanted = `_ver UInt64, _loaded_at ${TIMESTAMP}`;
  if (last !== wanted)
    findings.push(
      at(
        statement,
        name,
        `the last two columns are ${last}`,
        wanted,
        ...columns.slice(-2).map((c) => c.name),
      ),
    );
  const loadedAt = columns.at(-1);
  if (loadedAt?.name === "_loaded_at" && loadedAt.defaultExpression !== "now()")
    findings.push(
      at(
        statement,
        `${name}._loaded_at`,
        `default ${loadedAt.defaultExpression || "none"}`,
        "DEFAULT now()",
        "_loaded_at",
      ),
    );
  return findings;
}

/** What is wrong with the type of a column, and what it should be. */
function typeFaults(object: LiveObject, { name, type }: LiveColumn): [string, string][] {
  const faults: [string, string][] = [];
  if (/Float/.test(type) && !FLOATS.has(`${object.name}.${name}`))
    faults.push([`type ${type}`, "Decimal(18, 2) for money; ratios are made in views"]);
  if (/DateTime(?:64)?(?!\w|\('Europe\/Moscow'\))/.test(type)) faults.push([`type ${type}`, TIMESTAMP]);
  if (/DateTime64/.test(type)) faults.push([`type ${type}`, TIMESTAMP]);
  if (/LowCardinality\(Nullable/.test(type))
    faults.push([`type ${type}`, "LowCardinality(String) or Nullable(String)"]);
  if (/(?:_id|_hash)$/.test(name) && !/^(?:Nullable\()?(?:String|UUID)\)?$/.test(type))
    faults.push([`type ${type}`, "String (UUID for ids of runs and alerts)"]);
  if (name === "city" && type !== "LowCardinality(String)")
    faults.push([`type ${type}`, "LowCardinality(String)"]);
  if (name === "event_date")
    faults.push(["a column of this name", "start_date and end_date; sales_date for the day of a sale"]);
  if (/^Nullable/.test(type) && keyColumns(object).includes(name))
    faults.push([`type ${type} in the sorting key`, "a key that is never NULL"]);
  return faults;
}

/** Columns of ORDER BY. */
export function keyColumns({ sortingKey, columns }: LiveObject): string[] {
  return columns
    .map(({ name }) => name)
    .filter((name) => new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(sortingKey));
}
