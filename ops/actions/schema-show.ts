import { join } from "node:path";
import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import type { TargetFlag } from "../command";
import { writeOutput } from "../output";
import { readTarget } from "../stack";
import { Warehouse } from "../../warehouse/client";
import { DATABASES } from "../../warehouse/catalogue";
import { asAdmin } from "../../warehouse/queries";

export interface ShowFlags extends TargetFlag {
  /** Folder for one file per object; without it all goes to standard output. */
  out?: string;
}

/** The databases, in the order in which people are shown them. */
const LIST = DATABASES.map((name) => `'${name}'`).join(", ");

/** One row of DESCRIBE TABLE. */
interface Column {
  name: string;
  type: string;
  default_type: string;
  default_expression: string;
  comment: string;
  codec_expression: string;
  ttl_expression: string;
}

/**
 * `npx zakaz schema show`: what the server itself says of each object, as evidence or to compare two servers. The same
 * schema gives the same bytes.
 * @param names `database.name` of the objects wanted; none: all of zakaz, bi and meta
 * @throws Failure when an object is not there or the server does not answer
 */
export async function showSchema(names: string[], options: ShowFlags): Promise<void> {
  const warehouse = new Warehouse(await readTarget("warehouseTarget", options.target));
  try {
    const texts = await describeObjects(warehouse, names);
    if (options.out === undefined) {
      process.stdout.write([...texts.values()].join("\n"));
      return;
    }
    for (const [name, text] of texts) writeOutput(join(options.out, `${name}.txt`), text);
    process.stdout.write(`${texts.size} objects described in ${options.out}\n`);
  } finally {
    await warehouse.close();
  }
}

/** SHOW CREATE and DESCRIBE of objects, by `database.name`. See {@link showSchema}. */
export async function describeObjects(
  warehouse: Warehouse,
  names: string[] = [],
): Promise<Map<string, string>> {
  const rows = await warehouse.rows<{ id: string }>(
    asAdmin`SELECT concat(database, '.', name) AS id FROM system.tables
     WHERE database IN (${LIST}) ORDER BY indexOf([${LIST}], database), name`,
  );
  const ids = rows.map(({ id }) => id);
  const missing = names.filter((name) => !ids.includes(name));
  if (missing.length > 0) {
    throw new Failure(
      `There is no ${missing.join(", ")} on the server: npx zakaz schema show without a name lists all that is`,
      EXIT.usage,
    );
  }
  const texts = new Map<string, string>();
  for (const id of names.length > 0 ? names : ids) {
    const [created] = await warehouse.rows<{ statement: string }>(asAdmin`SHOW CREATE TABLE ${id}`);
    const columns = await warehouse.rows<Column>(asAdmin`DESCRIBE TABLE ${id}`);
    texts.set(
      id,
      `SHOW CREATE TABLE ${id}\n${created?.statement}\n\nDESCRIBE TABLE ${id}\n${table(columns.map(cells))}`,
    );
  }
  return texts;
}

function cells(column: Column): string[] {
  const { name, type, default_type, default_expression, codec_expression, ttl_expression, comment } = column;
  const filled = default_type === "" ? "" : `${default_type} ${default_expression}`;
  return [name, type, filled, codec_expression, ttl_expression, comment];
}

/** Rows as columns of equal width, two blanks apart; a column that is empty throughout is left out. */
function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = rows.map((row) =>
    row
      .flatMap((cell, i) => (widths[i] === 0 ? [] : [cell.padEnd(widths[i]!)]))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}
