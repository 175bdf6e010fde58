import { expect, test } from "vitest";
import { serveSmall, TOKEN, type Habits } from "./small-qtickets";
import { changes, NOW, probeQtickets } from "./support";

/** UTC without saying so, and a filter that takes the clock of its value and leaves out the offset. */
const naive = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
const wallClock = (text: string): number => Date.parse(`${text.slice(0, 19).replace(" ", "T")}Z`);

/** What a right probe says of the small API in its usual habits. */
const USUAL: Record<string, string> = {
  "reach.answers": "yes: HTTP 200",
  "reach.token": "yes: HTTP 200",
  "reach.wrongToken": "yes: HTTP 403, JSON with error",
  "reach.body": "yes: has an effect: filter, page size, order, page number",
  "filter.payed": "yes: 192 of 240 orders",
  "filter.payed_at": "yes: 0 of 192 orders after 2100, 1 since the time asked for",
  "filter.updated_at": "yes: 0 of 240 orders after 2100, 1 since the time asked for",
  "filter.id": "yes: 10 of 192 orders, 10 ids above it",
  "filter.event_id": "yes: 120 of 240 orders",
  "filter.offset": "yes: 1 orders with +03:00, 1 with +00:00; otherwise 2 or more would differ",
  "filter.unknown": "yes: HTTP 503, code UNKNOWN_ERROR, JSON with error, code",
  "filter.queryString": "no: 240 of 240 orders after 2100",
  "order.descending": "yes: 100 rows",
  "order.ascending": "yes: 10 rows",
  "page.frame": "yes: perPage 50, 50 rows of 240",
  "page.number": "yes: currentPage 2, 92 rows, 0 of them on page 1 too",
  "page.behind": "yes: currentPage 12, 0 rows",
  "page.size": "yes: 100 asked, perPage 100, 100 rows of 192",
  "page.large": "no: 1000 asked, perPage 500, 240 rows of 240",
  "page.limit": "yes: 100000 asked, perPage 500, of an empty answer",
  "select.orders": "yes: 22 fields asked for, 0 others came",
  "select.events": "yes: 15 fields asked for, 0 others came",
  "limit.headers": "no: none in 20 answers",
  "limit.pace": "yes: 0 of 20 answers were 429",
  "time.offset": "yes: 0 of 888 without",
  "time.moscow": "yes: +03:00: 888",
  "time.form": "yes: 888 times",
  "refund.amount": "yes: 36 of 36 refunded tickets",
  "refund.ticketAmount": "yes: 36 of 36 refunded tickets",
  "refund.list": "yes: 18 of 18 orders with a refund",
  "refund.updated": "yes: 36 of 36 refunded tickets",
  "refund.payed": "yes: 18 of 18 orders with a refund",
  "deleted.updated": "unknown: no deleted tickets among 111 orders",
  "price.sum": "yes: 18 of 18 orders with such a ticket",
  "price.piece": "yes: 10 of 10 orders with such a ticket",
  "season.price": "yes: 1 of 1 orders with a season ticket",
  "exchange.fields": "yes: 50 with such a field among 50 orders",
  "order.shows": "unknown: none among 111 orders",
  "event.city": "yes: 2 of 2 events",
  "event.language": "unknown: none among 2 events",
  "seats.counters": "yes: 3 of 3 seats",
  "seats.tariffs": "yes: 1 more among 2 places",
  "seats.entrance": "yes: 1 of 1 entrances with a quantity",
  "seats.closed": "unknown: none among 3 seats",
  "barcodes.total": "yes: 166 barcodes, 166 tickets",
};

const OTHERS: readonly [string, Partial<Habits>, Record<string, string>][] = [
  [
    "filters, select and page numbers ignored, limits in headers",
    {
      filters: false,
      select: false,
      pages: false,
      headers: { "X-RateLimit-Limit": "60", "x-ratelimit-remaining": "12" },
      name: { ru: "Planted Name" },
    },
    {
      "reach.body": "yes: has an effect: page size, order",
      "filter.payed": "no: 20 of 100 rows are not payed",
      "filter.payed_at": "no: 240 of 240 orders after 2100",
      "filter.updated_at": "no: 240 of 240 orders after 2100",
      "filter.id": "no: 100 of 100 ids are not above it",
      "filter.event_id": "no: 120 of 240 rows are of other events",
      "filter.offset": "unknown: the filter by payed_at is not honoured",
      "filter.unknown": "no: HTTP 200, 240 orders",
      "order.ascending": "yes: 100 rows",
      "page.number": "no: currentPage 1, 100 rows, 100 of them on page 1 too",
      "page.behind": "no: currentPage 1, 100 rows",
      "page.size": "yes: 100 asked, perPage 100, 100 rows of 240",
      "page.limit": "unknown: not asked: no filter keeps so large a page empty",
      "select.orders": "no: 22 fields asked for, 9 others came",
      "select.events": "no: 15 fields asked for, 1 others came",
      "limit.headers": "yes: x-ratelimit-limit, x-ratelimit-remaining",
      "limit.pace": "yes: 0 of 19 answers were 429",
      "time.offset": "yes: 0 of 1376 without",
      "time.moscow": "yes: +03:00: 1376",
      "time.form": "yes: 1376 times",
      "refund.amount": "yes: 2 of 2 refunded tickets",
      "refund.ticketAmount": "yes: 2 of 2 refunded tickets",
      "refund.list": "yes: 1 of 1 orders with a refund",
      "refund.updated": "yes: 2 of 2 refunded tickets",
      "refund.payed": "yes: 1 of 1 orders with a refund",
      "deleted.updated": "unknown: no deleted tickets among 100 orders",
      "price.sum": "yes: 1 of 1 orders with such a ticket",
      "price.piece": "yes: 23 of 23 orders with such a ticket",
      "season.price": "yes: 3 of 3 orders with a season ticket",
      "order.shows": "unknown: none among 100 orders",
      "event.language": "yes: 2 by language among 2 events",
      "barcodes.total": "unknown: the orders cannot be filtered by event",
    },
  ],
  [
    "pages of 20 at the most, order ignored",
    { most: 20, order: false, city: "Planted City", counters: false, wrongToken: 401 },
    {
      "reach.wrongToken": "no: HTTP 401, JSON with error",
      "reach.body": "yes: has an effect: filter, order, page number",
      "filter.payed_at": "yes: 0 of 192 orders after 2100, 173 since the time asked for",
      "filter.updated_at": "yes: 0 of 240 orders after 2100, 224 since the time asked for",
      "filter.id": "yes: 182 of 192 orders, 20 ids above it",
      "filter.offset": "yes: 173 orders with +03:00, 173 with +00:00; otherwise 2 or more would differ",
      "order.descending": "no: 20 rows, in another order",
      "order.ascending": "yes: 20 rows",
      "page.frame": "yes: perPage 20, 20 rows of 240",
      "page.number": "yes: currentPage 2, 20 rows, 0 of them on page 1 too",
      "page.behind": "yes: currentPage 20, 0 rows",
      "page.size": "no: 100 asked, perPage 20, 20 rows of 192",
      "page.large": "no: 1000 asked, perPage 20, 20 rows of 240",
      "page.limit": "yes: 100000 asked, perPage 20, of an empty answer",
      "time.offset": "yes: 0 of 166 without",
      "time.moscow": "yes: +03:00: 166",
      "time.form": "yes: 166 times",
      "refund.amount": "yes: 14 of 14 refunded tickets",
      "refund.ticketAmount": "unknown: no orders came",
      "refund.list": "unknown: no orders came",
      "refund.updated": "yes: 14 of 14 refunded tickets",
      "refund.payed": "yes: 7 of 7 orders with a refund",
      "deleted.updated": "unknown: no deleted tickets among 20 orders",
      "price.sum": "unknown: no orders with such a ticket among 0 orders",
      "price.piece": "yes: 3 of 3 orders with such a ticket",
      "exchange.fields": "yes: 20 with such a field among 20 orders",
      "order.shows": "unknown: none among 20 orders",
      "event.city": "no: 0 of 2 events",
      "seats.counters": "no: 0 of 3 seats",
      "seats.entrance": "unknown: no entrances with a quantity among 3 seats",
      "barcodes.total": "unknown: 120 orders of the event do not come on one page",
    },
  ],
  [
    "times without offset, filters that mind none, query strings honoured",
    { time: naive, readTime: wallClock, queryString: true, unknownColumn: "ignored", moreBarcodes: 1 },
    {
      "filter.offset": "no: 1 orders with +03:00, 3 with +00:00",
      "filter.unknown": "no: HTTP 200, 240 orders",
      "filter.queryString": "yes: 0 of 240 orders after 2100",
      "time.offset": "no: 888 of 888 without",
      "time.moscow": "no: no offset: 888",
      "time.form": "no: 888 of 888 otherwise: 0000-00-00 00:00:00: 888",
      "barcodes.total": "no: 167 barcodes, 166 tickets",
    },
  ],
];

test("each question about a small API of its own is answered", async () => {
  const { table, parts } = await probeQtickets(await serveSmall(NOW, {}));
  expect(table).toEqual(USUAL);
  expect(parts[0]?.failure).toBeUndefined();
});

test.each(OTHERS)(
  "an API with %s is told from it, and nothing personal is shown",
  async (_name, habits, otherwise) => {
    const api = await serveSmall(NOW, habits);
    const { table, parts, lines } = await probeQtickets(api, { LOG_LEVEL: "DEBUG" });
    expect(changes(table, USUAL)).toEqual(otherwise);
    expect(parts[0]?.failure).toBeUndefined();
    expect(api.asked.every(({ method }) => method === "GET")).toBe(true);
    const written = JSON.stringify(parts) + lines.join("");
    const personal = [/planted/i, /@/, /911.?111/, /Buyer/, new RegExp(TOKEN)];
    expect(personal.filter((pattern) => pattern.test(written))).toEqual([]);
  },
);
