import { ExpectedError } from "../core/errors";
import { ApiError } from "../core/api-error";
import { moscowDay } from "../core/values";
import type { Condition } from "./api";
import type { Run } from "./run";
import type { Order } from "./schemas";
import { filterTime, type Span } from "./windows";

/** No order is paid or changed so late: a filter with this bound must find nothing, or it was not honoured. */
const FAR_FUTURE = Date.UTC(2100, 0, 1);

/** One reading of the order list: what is asked for, and what an order must be to belong to it. */
export interface Reading {
  what: string;
  where: readonly Condition[];
  belongs: (order: Order) => boolean;
}

/** Every order there is. */
export const ALL: Reading = { what: "all", where: [], belongs: () => true };
const IS_PAID: Condition = { column: "payed", value: 1 };

/** Checks that the API honours the filters that the run depends on; answers whether it filters by change time. */
export async function checkFilters(run: Run): Promise<boolean> {
  if (!(await honours(run, "payed_at", [IS_PAID]))) {
    throw new ExpectedError(
      `The API did not honour the filter by payment time: it counts every order as paid after 2100. Nothing was loaded; check that the body of GET requests reaches it (a proxy may strip it).`,
    );
  }
  const byChange = run.plan.advances && (await filtersByChange(run));
  // What changes during the run is left to the next one, which reads it as changed. So no order comes into the listing
  // while it is read: those that leave it show in the total, and no other slips past in their place.
  const now = filterTime(run.startedAt, run.settings.TZ);
  run.settled = byChange ? [{ column: "updated_at", operator: "<", value: now }] : [];
  return byChange;
}

/** Orders by their moment of payment. */
export function paidReading(run: Run, { start, end }: Span): Reading {
  const time = (ms: number) => filterTime(ms, run.settings.TZ);
  return {
    what: "paid",
    where: [
      IS_PAID,
      { column: "payed_at", operator: ">=", value: time(start) },
      { column: "payed_at", operator: "<", value: time(end) },
      ...run.settled,
    ],
    // Filter values have whole seconds, as have the source's moments.
    belongs: ({ payed, payed_at: at }) =>
      payed && at !== null && at.ms >= Math.floor(start / 1000) * 1000 && at.ms < end,
  };
}

/** Late refunds, cancellations, restores: by change time, or by creation over many days once a day if that filter is not honoured. */
export function changes(run: Run, changedSince: number, byChange: boolean): Reading[] {
  const { settings, log } = run;
  const since = (column: string, ms: number): Condition[] => [
    { column, operator: ">=", value: filterTime(ms, settings.TZ) },
  ];
  if (byChange) {
    return [
      {
        what: "changed",
        where: since("updated_at", changedSince),
        belongs: ({ updated_at: at }) => at === null || at.ms >= Math.floor(changedSince / 1000) * 1000,
      },
    ];
  }
  const today = moscowDay(run.startedAt);
  if (run.watermarks.get("orders_reread") === today) return [];
  const start = run.startedAt - settings.QTICKETS_REREAD_DAYS * 24 * 3_600_000;
  log.warning("The API does not filter by change time: reading orders again by their creation, once a day", {
    days: settings.QTICKETS_REREAD_DAYS,
  });
  run.reread = true;
  return [{ what: "created", where: since("created_at", start), belongs: () => true }];
}

/** Whether a filter for the far future leaves out anything: a few orders may have impossible moments. */
async function honours(run: Run, column: string, others: Condition[] = []): Promise<boolean> {
  const value = filterTime(FAR_FUTURE, run.settings.TZ);
  const found = await run.reader.count("/orders", [...others, { column, operator: ">=", value }]);
  return found === 0 || found < (await run.reader.count("/orders", others));
}

async function filtersByChange(run: Run): Promise<boolean> {
  try {
    return await honours(run, "updated_at");
  } catch (error) {
    // The API answers an unknown column with 503 UNKNOWN_ERROR, or a 4xx that speaks of the request.
    const refused =
      error instanceof ApiError && (error.code === "UNKNOWN_ERROR" || [400, 422].includes(error.status ?? 0));
    if (!refused) throw error;
    return false;
  }
}
