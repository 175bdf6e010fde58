import { DateTime } from "luxon";
import { asLoader } from "../../warehouse/queries";
import type { Database } from "../core/database";
import { MOSCOW } from "../core/values";
import type { History } from "./windows";

/**
 * What earlier runs of the job have done.
 * @param guardTable table that tells whether the job has had an ok run
 */
export async function readHistory(
  database: Database,
  job: string,
  guardTable: string,
  watermarks: ReadonlyMap<string, string>,
): Promise<History> {
  const [guard] = await database.rows<{ ok: string }>(
    asLoader`SELECT countIf(status = 'ok') AS ok FROM ${database.name}.${guardTable} FINAL WHERE job = {job:String}`,
    { job },
  );
  const timestamp = (stream: string): number | undefined => {
    const value = watermarks.get(stream);
    return value === undefined ? undefined : DateTime.fromISO(value, { zone: MOSCOW }).toMillis();
  };
  const readUntil = timestamp("orders");
  return {
    hadOkRun: Number(guard?.ok ?? 0) > 0,
    oldestRead: readUntil === undefined ? await readOldestVersion(database) : undefined,
    readUntil,
    readFrom: timestamp("orders_from"),
    target: timestamp("orders_target"),
  };
}

/** An order is read after its last change, which is its version: nothing was read before the least version (ms). */
async function readOldestVersion(database: Database): Promise<number | undefined> {
  const [ledger] = await database.rows<{ oldest: string; lines: string }>(
    asLoader`SELECT min(_ver) AS oldest, count() AS lines FROM ${database.name}.fact_qtickets_orders`,
  );
  return Number(ledger?.lines ?? 0) === 0 ? undefined : Number(ledger?.oldest);
}
