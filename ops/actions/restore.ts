import { DateTime } from "luxon";
import { EXIT } from "../../exit-codes";
import { moscow, type KeptBackup } from "../../warehouse/backup/backup";
import { backupPlace } from "../../warehouse/backup/place";
import { restorable } from "../../warehouse/backup/policy";
import { restoreAs, restoreTables } from "../../warehouse/backup/restore";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import { Failure } from "../../warehouse/failure";
import { listBackups } from "../backup-container";
import { counted, printAnswer, type JsonFlag } from "../command";
import { readStack } from "../stack";

export interface RestoreFlags extends JsonFlag {
  at?: string;
  table?: string[];
  over?: string[];
  as?: string;
}

/**
 * Brings tables back, as `admin`: in place, or beside the warehouse. Every byte of the backups is read first, so a damaged one
 * is passed over with a word.
 * @throws Failure before anything is touched when rows would be lost that `--over` does not name
 */
export async function restore({ at, table = [], over = [], as, ...flags }: RestoreFlags): Promise<void> {
  if (as !== undefined && (table.length > 0 || over.length > 0)) {
    throw new Failure(
      "--as brings everything back beside the warehouse: leave out --table and --over",
      EXIT.usage,
    );
  }
  if (as !== undefined && !/^[a-z][a-z0-9_]{0,30}$/.test(as)) {
    throw new Failure("The name after --as takes up to 31 of a-z, 0-9 and _, a letter first", EXIT.usage);
  }
  const stack = await readStack();
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const { backups } = await listBackups(stack, true);
  const chosen = choose(backups, at === undefined ? Infinity : momentOf(at), say);
  const { name, startedAt } = chosen;
  const bytes = chosen.bytes + (backups.find((one) => one.name === chosen.base)?.bytes ?? 0);
  const place = backupPlace(stack.backupStorage);
  const tables = await withWarehouse(new Warehouse(stack.warehouseTarget), (warehouse) =>
    as === undefined
      ? restoreTables(warehouse, { place, name, bytes, tables: table, over, say })
      : restoreAs(warehouse, { place, name, bytes }, as),
  );
  const rows = tables.reduce((sum, one) => sum + one.rows, 0);
  const where = as === undefined ? "" : `, in databases zakaz_${as}, bi_${as} and meta_${as}`;
  const then = as === undefined ? " What was loaded since comes with the next load: npx zakaz load" : "";
  printAnswer(
    flags,
    { backup: name, startedAt, tables },
    `${counted(tables.length, "table")}, ${counted(rows, "row")}: all as at ${moscow(startedAt)} Moscow time, by ${name}${where}.${then}\n`,
  );
}

/** The newest backup begun by a moment that can be restored. */
export function choose<B extends KeptBackup>(
  backups: readonly B[],
  until: number,
  say: (line: string) => void,
): B {
  const [chosen] = restorable(backups).filter(({ startedAt }) => startedAt <= until);
  const passed = backups.filter(
    ({ startedAt, state }) =>
      startedAt <= until && startedAt > (chosen?.startedAt ?? -Infinity) && state !== "whole",
  );
  for (const { name, state, why } of passed) say(`${name} is passed over: ${state}, ${why}`);
  if (chosen !== undefined) return chosen;
  const when = until === Infinity ? "" : ` from before ${moscow(until)} Moscow time`;
  throw new Failure(
    `There is no backup${when} that can be restored: npx zakaz backup --list shows what there is`,
  );
}

function momentOf(text: string): number {
  const moment = DateTime.fromISO(text.trim().replace(" ", "T"), { zone: "Europe/Moscow" });
  if (moment.isValid) return moment.toMillis();
  throw new Failure(`--at takes a moment such as "2030-01-31 12:30", not ${text}`, EXIT.usage);
}
