import type { LiveColumn, LiveObject } from "./live";
import type { TableModel } from "../warehouse/schema/model";
import { asAdmin } from "../warehouse/queries";

const ROWS = 2;
/** The dimension knows the first event only, so that every join has a row without a partner. */
const ONE_ROW = /\.dim_/;

/**
 * An INSERT for each table that gives it rows which keep its constraints: today, of two events. What has a default is
 * left to it.
 */
export function sampleInserts(live: Iterable<LiveObject>): string[] {
  return [...live].flatMap(({ name, columns, model }) => {
    if (model.kind !== "table") return [];
    const given = columns.filter(isGiven);
    const rows = Array.from({ length: ONE_ROW.test(name) ? 1 : ROWS }, (_, i) =>
      given.map((column) => value(column, model, i + 1)).join(", "),
    );
    const list = given.map((column) => column.name).join(", ");
    return [
      asAdmin`INSERT INTO ${name} (${list}) SELECT * FROM (${rows.map((row) => `SELECT ${row}`).join(" UNION ALL ")})`,
    ];
  });
}

/** Measures are given too: views leave out rows of zeros. */
function isGiven({ name, type, defaultKind }: LiveColumn): boolean {
  return (
    defaultKind === "" ||
    name.startsWith("event_") ||
    (/^(?:UInt32|UInt64|Decimal)/.test(type) && name !== "_ver")
  );
}

function value({ name, type }: LiveColumn, model: TableModel, row: number): string {
  const check = model.entries.find(({ definition }) =>
    new RegExp(`\\b${name}\\b`).test(definition),
  )?.definition;
  const allowed = /IN \(('[^']*')/.exec(check ?? "")?.[1];
  if (allowed !== undefined) return allowed;
  if (name === "currency") return "'RUB'";
  if (type.startsWith("DateTime")) return "now('Europe/Moscow')";
  if (type.startsWith("Date")) return "toDate(now('Europe/Moscow'))";
  if (/^(?:U?Int|Float|Decimal)/.test(type)) return String(row);
  if (type === "UUID") return "generateUUIDv4()";
  if (type.startsWith("Array")) return "[]";
  return `'${row}'`;
}
