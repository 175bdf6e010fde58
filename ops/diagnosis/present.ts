import { MOSCOW } from "../../loaders/core/values";
import type { Warehouse } from "../../warehouse/client";
import { asAdmin } from "../../warehouse/queries";
import type { Trouble } from "./trouble";

/** Clocks that differ by less are right. */
export const CLOCK_SECONDS = 60;
/** A disk is full below this part of it, unless more than that is free. */
const FULL = { part: 0.05, bytes: 2 ** 30 };

/**
 * What is wrong with the server now: disk, zone, clock.
 * @throws StatementFailure when it does not let admin in; Unreachable
 */
export async function readPresent(warehouse: Warehouse): Promise<Trouble[]> {
  const before = Date.now();
  const [row] = await warehouse.rows<{ now: number; zone: string; free: number; total: number }>(
    asAdmin`SELECT toUnixTimestamp64Milli(now64(3)) AS now, serverTimezone() AS zone, free_space AS free, total_space AS total
FROM system.disks WHERE name = 'default'`,
  );
  const { now, zone, free, total } = row!;
  const ahead = Math.round((now - (before + Date.now()) / 2) / 1000);
  const mib = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`;
  return [
    ...(zone === MOSCOW ? [] : [{ signs: ["zone"], who: "", said: zone, at: "" }]),
    ...(Math.abs(ahead) < CLOCK_SECONDS
      ? []
      : [{ signs: ["server clock"], who: "", said: sayClock(ahead), at: "" }]),
    ...(free > FULL.bytes || free > FULL.part * total
      ? []
      : [{ signs: ["disk full"], who: "", said: `${mib(free)} of ${mib(total)} are free`, at: "" }]),
  ];
}

/** How a clock stands, before the name of the other one. */
export function sayClock(secondsAhead: number): string {
  const minutes = Math.round(Math.abs(secondsAhead) / 60);
  return `${minutes} min ${secondsAhead > 0 ? "ahead of" : "behind"}`;
}
