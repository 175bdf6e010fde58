import { ExpectedError } from "../core/errors";
import { moscowDay } from "../core/values";
import { isRefusedQuery, type Condition } from "./api";
import type { QticketsClient } from "./client";
import type { QticketsRun } from "./run";
import type { Order } from "./schemas";
import { filterTime, type Span } from "./windows";

/** No order is paid or changed so late: a filter with this bound must find nothing, or it was not honoured. */
const FAR_FUTURE = Date.UTC(2100, 0, 1);

/** One query of the order list: what is asked for, and what an order must be to belong to the answer. */
export interface OrderQuery {
  /** Which orders, in a word. */
  what: "all" | "paid" | "changed" | "created";
  where: readonly Condition[];
  belongs: (order: Order) => boolean;
}

/** Every order there is. */
export const ALL_ORDERS: OrderQuery = { what: "all", where: [], belongs: () => true };
const IS_PAID: Condition = { column: "payed", value: 1 };

/** What the API filters by, as far as it was found out. */
export interface Filters {
  /** It filters by change time. */
  byChange: boolean;
  /**
   * Conditions of every query by payment. What changes during the run is left to the next one, which reads it as changed. So no
   * order comes into the listing while it is read. By page number, those that leave it then show in the total, and no other slips
   * past in their place.
   */
  settled: readonly Condition[];
}

/**
 * Checks that the API honours the filters that the run depends on.
 * @param advances whether the run is one that moves the watermark
 */
export async function checkFilters(
  { startedAt, settings }: QticketsRun,
  client: QticketsClient,
  advances: boolean,
): Promise<Filters> {
  const zone = settings.TZ;
  if (!(await honours(client, zone, "payed_at", [IS_PAID]))) {
    throw new ExpectedError(
      "The API did not honour the filter by payment time: it counts every order as paid after 2100. Nothing was loaded; " +
        "check that the body of GET requests reaches it (a proxy may strip it).",
    );
  }
  const byChange = advances && (await filtersByChange(client, zone));
  const now = filterTime(startedAt, zone);
  return { byChange, settled: byChange ? [{ column: "updated_at", operator: "<", value: now }] : [] };
}

/** Orders by their time of payment. */
export function paidQuery({ start, end }: Span, zone: string, { settled }: Filters): OrderQuery {
  return {
    what: "paid",
    where: [
      IS_PAID,
      { column: "payed_at", operator: ">=", value: filterTime(start, zone) },
      { column: "payed_at", operator: "<", value: filterTime(end, zone) },
      ...settled,
    ],
    // Filter values have whole seconds, as have the source's timestamps.
    belongs: ({ payed, payed_at: at }) =>
      payed && at !== null && at.ms >= Math.floor(start / 1000) * 1000 && at.ms < end,
  };
}

/**
 * Late refunds, cancellations, restores: by change time, or by creation over many days once a day if that filter is not
 * honoured. Undefined: they have been read today.
 * @param rereadOn Moscow day on which they were read by creation last
 */
export function changeQuery(
  { startedAt, settings, log }: QticketsRun,
  changedSince: number,
  { byChange }: Filters,
  rereadOn: string | undefined,
): OrderQuery | undefined {
  const since = (column: string, ms: number): Condition[] => [
    { column, operator: ">=", value: filterTime(ms, settings.TZ) },
  ];
  if (byChange) {
    return {
      what: "changed",
      where: since("updated_at", changedSince),
      belongs: ({ updated_at: at }) => at === null || at.ms >= Math.floor(changedSince / 1000) * 1000,
    };
  }
  if (rereadOn === moscowDay(startedAt)) return undefined;
  const start = startedAt - settings.QTICKETS_REREAD_DAYS * 24 * 3_600_000;
  log.warning("The API does not filter by change time: reading orders again by their creation, once a day", {
    days: settings.QTICKETS_REREAD_DAYS,
  });
  return { what: "created", where: since("created_at", start), belongs: () => true };
}

/** Whether a filter for the far future leaves out anything: a few orders may have impossible timestamps. */
async function honours(
  client: QticketsClient,
  zone: string,
  column: string,
  others: Condition[] = [],
): Promise<boolean> {
  const value = filterTime(FAR_FUTURE, zone);
  const found = await client.count("/orders", [...others, { column, operator: ">=", value }]);
  return found === 0 || found < (await client.count("/orders", others));
}

async function filtersByChange(client: QticketsClient, zone: string): Promise<boolean> {
  try {
    return await honours(client, zone, "updated_at");
  } catch (error) {
    if (!isRefusedQuery(error)) throw error;
    return false;
  }
}
