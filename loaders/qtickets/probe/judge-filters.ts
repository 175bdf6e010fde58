import { readFlag } from "../../core/fields";
import { Unknown, type Seen, type Verdict } from "../../pipeline/probe";
import { tolerant } from "../../pipeline/probe-judge";
import { isRefusedQuery } from "../api";
import { middleId, pageOf, recentBound, smallEvent, timeOf, type SeenPage } from "./answers";
import type { Call } from "./call-names";

type Judge = (seen: Seen<Call>) => Verdict;

const HOUR = 3_600_000;
/** Times that are written without their offset, or with a wrong one, are so far off at the most. */
const FARTHEST_ZONE = 14 * HOUR;

const flagOf = tolerant(readFlag);

export const payed: Judge = (seen) => {
  const plain = pageOf(seen, "plain");
  const { rows, total } = pageOf(seen, "newest");
  const unpaid = rows.filter((row) => flagOf(row.payed) === false).length;
  if (unpaid > 0) return { answer: "no", evidence: `${unpaid} of ${rows.length} rows are not payed` };
  if (total < plain.total) return { answer: "yes", evidence: `${total} of ${plain.total} orders` };
  throw new Unknown(`all ${total} orders`);
};

export const payedAt: Judge = (seen) => {
  const all = pageOf(seen, "newest").total;
  const far = pageOf(seen, "paidIn2100").total;
  if (all === 0) throw new Unknown("there are no paid orders");
  if (far >= all) return { answer: "no", evidence: `${far} of ${all} orders after 2100` };
  return since(
    pageOf(seen, "paidRecently"),
    "payed_at",
    recentBound(seen),
    `${far} of ${all} orders after 2100`,
  );
};

export const updatedAt: Judge = (seen) => {
  const refused = seen.failure("changedIn2100");
  if (refused !== undefined) {
    if (isRefusedQuery(refused.error)) return { answer: "no", evidence: `refused: ${refused.facts}` };
    throw new Unknown(refused.facts);
  }
  const all = pageOf(seen, "plain").total;
  const far = pageOf(seen, "changedIn2100").total;
  if (all === 0) throw new Unknown("there are no orders");
  if (far >= all) return { answer: "no", evidence: `${far} of ${all} orders after 2100` };
  return since(
    pageOf(seen, "changedRecently"),
    "updated_at",
    recentBound(seen),
    `${far} of ${all} orders after 2100`,
  );
};

/** Whether the rows of a page lie behind a moment. Some hours before it they tell of the zone, not of the filter. */
function since({ rows, total }: SeenPage, column: string, bound: number, far: string): Verdict {
  if (total === 0) return { answer: "no", evidence: `${far}, none since the time asked for` };
  const times = rows.map((row) => timeOf(row[column]));
  const outside = times.filter((time) => time !== undefined && time < bound);
  const farOutside = outside.filter((time) => (time ?? 0) < bound - FARTHEST_ZONE).length;
  if (farOutside > 0)
    return { answer: "no", evidence: `${farOutside} of ${rows.length} rows lie before the filter` };
  const near =
    outside.length === 0 ? "" : `, ${outside.length} of them hours before the filter as they are written`;
  return { answer: "yes", evidence: `${far}, ${total} since the time asked for${near}` };
}

export const id: Judge = (seen) => {
  const all = pageOf(seen, "newest").total;
  const { ids, total } = pageOf(seen, "aboveId");
  const bound = middleId(seen);
  const wrong = ids.filter((one) => one <= bound).length;
  if (wrong > 0) return { answer: "no", evidence: `${wrong} of ${ids.length} ids are not above it` };
  if (total >= all || ids.length === 0) throw new Unknown(`${total} of ${all} orders`);
  return { answer: "yes", evidence: `${total} of ${all} orders, ${ids.length} ids above it` };
};

export const eventId: Judge = (seen) => {
  const all = pageOf(seen, "plain").total;
  const { rows, total } = pageOf(seen, "ordersOfEvent");
  const { event } = smallEvent(seen);
  const wrong = rows.filter((row) => String(row.event_id) !== event).length;
  if (wrong > 0) return { answer: "no", evidence: `${wrong} of ${rows.length} rows are of other events` };
  if (total >= all || rows.length === 0) throw new Unknown(`${total} of ${all} orders`);
  return { answer: "yes", evidence: `${total} of ${all} orders` };
};

export const offset: Judge = (seen) => {
  if (payedAt(seen).answer === "no") throw new Unknown("the filter by payed_at is not honoured");
  const moscow = pageOf(seen, "paidRecently").total;
  const utc = pageOf(seen, "paidRecentlyUtc").total;
  const evidence = `${moscow} orders with +03:00, ${utc} with +00:00`;
  if (moscow !== utc) return { answer: "no", evidence };
  const bound = recentBound(seen);
  const between = pageOf(seen, "newest").rows.filter(({ payed_at: at }) => {
    const time = timeOf(at);
    return time !== undefined && time < bound && time >= bound - 3 * HOUR;
  }).length;
  if (between === 0) throw new Unknown(`${evidence}, and none was paid in the three hours that would tell`);
  return { answer: "yes", evidence: `${evidence}; otherwise ${between} or more would differ` };
};

export const unknownColumn: Judge = (seen) => {
  const failed = seen.failure("unknownColumn");
  if (failed === undefined) {
    return { answer: "no", evidence: `HTTP 200, ${pageOf(seen, "unknownColumn").total} orders` };
  }
  if (isRefusedQuery(failed.error)) return { answer: "yes", evidence: failed.facts };
  throw new Unknown(failed.facts);
};

export const queryString: Judge = (seen) => {
  const failed = seen.failure("queryString");
  if (failed !== undefined) {
    if (isRefusedQuery(failed.error)) return { answer: "no", evidence: `refused: ${failed.facts}` };
    throw new Unknown(failed.facts);
  }
  const all = pageOf(seen, "plain").total;
  const { total } = pageOf(seen, "queryString");
  if (all === 0) throw new Unknown("there are no orders");
  return { answer: total === 0 ? "yes" : "no", evidence: `${total} of ${all} orders after 2100` };
};
