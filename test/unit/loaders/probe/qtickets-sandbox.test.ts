import { describe, expect, onTestFinished, test } from "vitest";
import { countSeats } from "../../../../loaders/qtickets/seat-counts";
import { createEventSchema, createOrderSchema, type Order } from "../../../../loaders/qtickets/schemas";
import { QUESTIONS } from "../../../../loaders/qtickets/probe/questions";
import { PII_PATTERNS } from "../../../../sandbox/qtickets/markers";
import { startSandbox, type FaultRule, type SandboxOptions } from "../../../../sandbox/qtickets/sandbox";
import { changes, NOW, probeQtickets, type Probed } from "./support";

const TOKEN = "planted-token-of-the-probe";

async function start(options: Partial<SandboxOptions> = {}) {
  const sandbox = await startSandbox({
    now: () => NOW,
    ordersPerDay: 40,
    days: 30,
    token: TOKEN,
    ...options,
  });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** What a right probe says of the sandbox as it is. */
const HEALTHY: Record<string, string> = {
  "reach.answers": "yes: HTTP 200",
  "reach.token": "yes: HTTP 200",
  "reach.wrongToken": "yes: HTTP 403, JSON with error, status",
  "reach.body": "yes: has an effect: filter, page size, order, page number",
  "filter.payed": "yes: 1015 of 1203 orders",
  "filter.payed_at": "yes: 0 of 1015 orders after 2100, 5 since the time asked for",
  "filter.updated_at": "yes: 0 of 1203 orders after 2100, 6 since the time asked for",
  "filter.id": "yes: 10 of 1015 orders, 10 ids above it",
  "filter.event_id": "yes: 112 of 1203 orders",
  "filter.offset": "yes: 5 orders with +03:00, 5 with +00:00; otherwise 5 or more would differ",
  "filter.unknown": "yes: HTTP 503, code UNKNOWN_ERROR, JSON with error, status, code, info",
  "filter.queryString": "no: 1203 of 1203 orders after 2100",
  "order.descending": "yes: 100 rows",
  "order.ascending": "yes: 10 rows",
  "page.frame": "yes: perPage 50, 50 rows of 1203",
  "page.number": "yes: currentPage 2, 100 rows, 0 of them on page 1 too",
  "page.behind": "yes: currentPage 21, 0 rows",
  "page.size": "yes: 100 asked, perPage 100, 100 rows of 1015",
  "page.large": "yes: 1000 asked, perPage 1000, 1000 rows of 1203",
  "page.limit": "yes: 100000 asked, perPage 1000, of an empty answer",
  "select.orders": "yes: 22 fields asked for, 0 others came",
  "select.events": "yes: 15 fields asked for, 0 others came",
  "limit.headers": "no: none in 20 answers",
  "limit.pace": "yes: 0 of 20 answers were 429",
  "time.offset": "yes: 0 of 1100 without",
  "time.moscow": "yes: +03:00: 1100",
  "time.form": "yes: 1100 times",
  "refund.amount": "no: 23 of 24 refunded tickets",
  "refund.ticketAmount": "no: 1 of 24 refunded tickets",
  "refund.list": "no: 0 of 12 orders with a refund",
  "refund.updated": "yes: 24 of 24 refunded tickets",
  "refund.payed": "yes: 12 of 12 orders with a refund",
  "deleted.updated": "yes: 9 of 9 deleted tickets",
  "price.sum": "yes: 18 of 18 orders with such a ticket",
  "price.piece": "unknown: no orders with such a ticket among 69 orders",
  "season.price": "unknown: no orders with a season ticket among 69 orders",
  "exchange.fields": "unknown: none among 50 orders",
  "order.shows": "yes: 3 with several among 119 orders",
  "event.city": "yes: 12 of 12 events",
  "event.language": "yes: 1 by language among 12 events",
  "seats.counters": "yes: 252 of 252 seats",
  "seats.tariffs": "yes: 126 more among 126 places",
  "seats.entrance": "unknown: no entrances with a quantity among 252 seats",
  "seats.closed": "yes: 4 disabled among 252 seats",
  "barcodes.total": "yes: 100 barcodes, 100 tickets",
};

/** What it says otherwise, where the sandbox behaves otherwise. */
const MOODS: readonly [Partial<SandboxOptions>, Record<string, string>][] = [
  [
    { maxPerPage: 20 },
    {
      "reach.body": "yes: has an effect: filter, order, page number",
      "filter.event_id": "yes: 96 of 1203 orders",
      "order.descending": "yes: 20 rows",
      "page.frame": "yes: perPage 20, 20 rows of 1203",
      "page.number": "yes: currentPage 2, 20 rows, 0 of them on page 1 too",
      "page.behind": "yes: currentPage 61, 0 rows",
      "page.size": "no: 100 asked, perPage 20, 20 rows of 1015",
      "page.large": "no: 1000 asked, perPage 20, 20 rows of 1203",
      "page.limit": "yes: 100000 asked, perPage 20, of an empty answer",
      "time.offset": "yes: 0 of 520 without",
      "time.moscow": "yes: +03:00: 520",
      "time.form": "yes: 520 times",
      "price.piece": "unknown: no orders with such a ticket among 39 orders",
      "season.price": "unknown: no orders with a season ticket among 39 orders",
      "exchange.fields": "unknown: none among 20 orders",
      "order.shows": "yes: 3 with several among 39 orders",
      "barcodes.total": "unknown: 96 orders of the event do not come on one page",
    },
  ],
  [
    { perPage: "ignored" },
    {
      "reach.body": "yes: has an effect: filter, order, page number",
      "filter.event_id": "yes: 92 of 1203 orders",
      "order.descending": "yes: 50 rows",
      "page.number": "yes: currentPage 2, 50 rows, 0 of them on page 1 too",
      "page.behind": "yes: currentPage 31, 0 rows",
      "page.size": "no: 100 asked, perPage 50, 50 rows of 1015",
      "page.large": "no: 1000 asked, perPage 50, 50 rows of 1203",
      "page.limit": "yes: 100000 asked, perPage 50, of an empty answer",
      "time.offset": "yes: 0 of 724 without",
      "time.moscow": "yes: +03:00: 724",
      "time.form": "yes: 724 times",
      "order.shows": "yes: 3 with several among 69 orders",
      "event.city": "yes: 10 of 10 events",
      "event.language": "unknown: none among 10 events",
      "barcodes.total": "unknown: 92 orders of the event do not come on one page",
    },
  ],
  [
    { updatedAtFilter: "refused" },
    {
      "filter.updated_at": "no: refused: HTTP 503, code UNKNOWN_ERROR, JSON with error, status, code, info",
      "limit.headers": "no: none in 19 answers",
      "limit.pace": "yes: 0 of 19 answers were 429",
      "time.offset": "yes: 0 of 1668 without",
      "time.moscow": "yes: +03:00: 1668",
      "time.form": "yes: 1668 times",
      "refund.amount": "yes: 4 of 4 refunded tickets",
      "refund.ticketAmount": "no: 0 of 4 refunded tickets",
      "refund.list": "no: 0 of 2 orders with a refund",
      "refund.updated": "yes: 4 of 4 refunded tickets",
      "refund.payed": "yes: 2 of 2 orders with a refund",
      "deleted.updated": "yes: 5 of 5 deleted tickets",
      "price.sum": "yes: 5 of 5 orders with such a ticket",
      "price.piece": "unknown: no orders with such a ticket among 150 orders",
      "season.price": "unknown: no orders with a season ticket among 150 orders",
      "order.shows": "yes: 5 with several among 200 orders",
    },
  ],
  [
    { updatedAtFilter: "ignored" },
    {
      "filter.updated_at": "no: 1203 of 1203 orders after 2100",
      "time.offset": "yes: 0 of 1668 without",
      "time.moscow": "yes: +03:00: 1668",
      "time.form": "yes: 1668 times",
      "refund.amount": "yes: 4 of 4 refunded tickets",
      "refund.ticketAmount": "no: 0 of 4 refunded tickets",
      "refund.list": "no: 0 of 2 orders with a refund",
      "refund.updated": "yes: 4 of 4 refunded tickets",
      "refund.payed": "yes: 2 of 2 orders with a refund",
      "deleted.updated": "yes: 5 of 5 deleted tickets",
      "price.sum": "yes: 5 of 5 orders with such a ticket",
      "price.piece": "unknown: no orders with such a ticket among 150 orders",
      "season.price": "unknown: no orders with a season ticket among 150 orders",
      "order.shows": "yes: 5 with several among 200 orders",
    },
  ],
  [
    { select: "ignored" },
    {
      "select.orders": "no: 22 fields asked for, 48 others came",
      "select.events": "no: 15 fields asked for, 27 others came",
    },
  ],
  [
    { malformed: 422 },
    {
      "filter.unknown": "yes: HTTP 422, code VALIDATION_ERROR, JSON with error, status, code, info",
    },
  ],
  [
    { dates: "local" },
    {
      "time.moscow": "no: +03:00: 808, +05:00: 159, +07:00: 133",
    },
  ],
  [{ flags: "swapped" }, {}],
];

const FAULTS: readonly [FaultRule, Record<string, string>][] = [
  [
    { kind: "filtersIgnored" },
    {
      "reach.body": "yes: has an effect: page size, order, page number",
      "filter.payed": "no: 15 of 100 rows are not payed",
      "filter.payed_at": "no: 1203 of 1203 orders after 2100",
      "filter.updated_at": "no: 1203 of 1203 orders after 2100",
      "filter.id": "no: 100 of 100 ids are not above it",
      "filter.event_id": "no: 904 of 1000 rows are of other events",
      "filter.offset": "unknown: the filter by payed_at is not honoured",
      "filter.unknown": "no: HTTP 200, 1203 orders",
      "order.ascending": "yes: 100 rows",
      "page.behind": "yes: currentPage 23, 0 rows",
      "page.size": "yes: 100 asked, perPage 100, 100 rows of 1203",
      "page.limit": "unknown: not asked: no filter keeps so large a page empty",
      "limit.headers": "no: none in 19 answers",
      "limit.pace": "yes: 0 of 19 answers were 429",
      "time.offset": "yes: 0 of 1670 without",
      "time.moscow": "yes: +03:00: 1670",
      "time.form": "yes: 1670 times",
      "refund.amount": "unknown: no refunded tickets among 100 orders",
      "refund.ticketAmount": "unknown: no refunded tickets among 100 orders",
      "refund.list": "unknown: no orders with a refund among 100 orders",
      "refund.updated": "unknown: no refunded tickets among 100 orders",
      "refund.payed": "unknown: no orders with a refund among 100 orders",
      "deleted.updated": "yes: 16 of 16 deleted tickets",
      "price.sum": "yes: 9 of 9 orders with such a ticket",
      "price.piece": "unknown: no orders with such a ticket among 150 orders",
      "season.price": "unknown: no orders with a season ticket among 150 orders",
      "order.shows": "yes: 3 with several among 100 orders",
      "barcodes.total": "unknown: the orders cannot be filtered by event",
    },
  ],
  [
    { kind: "idFiltersIgnored" },
    {
      "filter.id": "no: 100 of 100 ids are not above it",
      "order.ascending": "yes: 100 rows",
    },
  ],
  [
    { kind: "orderIgnored" },
    {
      "reach.body": "yes: has an effect: filter, page size, page number",
      "filter.payed_at": "yes: 0 of 1015 orders after 2100, 918 since the time asked for",
      "filter.updated_at": "yes: 0 of 1203 orders after 2100, 1103 since the time asked for",
      "filter.id": "yes: 925 of 1015 orders, 100 ids above it",
      "filter.event_id": "yes: 97 of 1203 orders",
      "filter.offset": "yes: 918 orders with +03:00, 918 with +00:00; otherwise 3 or more would differ",
      "order.descending": "no: 100 rows, in another order",
      "order.ascending": "yes: 100 rows",
      "time.offset": "yes: 0 of 919 without",
      "time.moscow": "yes: +03:00: 919",
      "time.form": "yes: 919 times",
      "refund.amount": "yes: 6 of 6 refunded tickets",
      "refund.ticketAmount": "unknown: no orders came",
      "refund.list": "unknown: no orders came",
      "refund.updated": "yes: 6 of 6 refunded tickets",
      "refund.payed": "yes: 4 of 4 orders with a refund",
      "deleted.updated": "yes: 6 of 6 deleted tickets",
      "price.sum": "unknown: no orders with such a ticket among 0 orders",
      "price.piece": "unknown: no orders with such a ticket among 50 orders",
      "season.price": "unknown: no orders with a season ticket among 50 orders",
      "order.shows": "yes: 1 with several among 100 orders",
      "barcodes.total": "yes: 89 barcodes, 89 tickets",
    },
  ],
  [
    { kind: "pageSizeIgnored" },
    {
      "reach.body": "yes: has an effect: filter, order, page number",
      "filter.event_id": "yes: 92 of 1203 orders",
      "order.descending": "yes: 50 rows",
      "page.number": "yes: currentPage 2, 50 rows, 0 of them on page 1 too",
      "page.behind": "yes: currentPage 31, 0 rows",
      "page.size": "no: 100 asked, perPage 50, 50 rows of 1015",
      "page.large": "no: 1000 asked, perPage 50, 50 rows of 1203",
      "page.limit": "yes: 100000 asked, perPage 50, of an empty answer",
      "time.offset": "yes: 0 of 724 without",
      "time.moscow": "yes: +03:00: 724",
      "time.form": "yes: 724 times",
      "order.shows": "yes: 3 with several among 69 orders",
      "event.city": "yes: 10 of 10 events",
      "event.language": "unknown: none among 10 events",
      "barcodes.total": "unknown: 92 orders of the event do not come on one page",
    },
  ],
  [
    { kind: "repeatedPage" },
    {
      "page.number": "no: currentPage 2, 100 rows, 100 of them on page 1 too",
      "page.behind": "no: currentPage 21, 100 rows",
    },
  ],
  [
    { kind: "wrongCurrentPage" },
    {
      "reach.body": "yes: has an effect: filter, page size, order",
      "page.number": "no: currentPage 3, 100 rows, 0 of them on page 1 too",
      "page.behind": "yes: currentPage 22, 0 rows",
    },
  ],
  [
    { kind: "status", status: 429, retryAfterSeconds: 1, skip: 3, times: 1 },
    {
      "limit.headers": "yes: retry-after",
      "limit.pace": "no: 1 of 21 answers were 429",
    },
  ],
  [
    { kind: "status", status: 500, route: "/shows/*/seats" },
    {
      "seats.counters": "unknown: HTTP 500, code UNKNOWN_ERROR, JSON with error, status, code, info",
      "seats.tariffs": "unknown: HTTP 500, code UNKNOWN_ERROR, JSON with error, status, code, info",
      "seats.entrance": "unknown: HTTP 500, code UNKNOWN_ERROR, JSON with error, status, code, info",
      "seats.closed": "unknown: HTTP 500, code UNKNOWN_ERROR, JSON with error, status, code, info",
    },
  ],
];

test("each question about the sandbox is answered, by twenty requests that only read", async () => {
  const sandbox = await start();
  const { table, parts, lines } = await probeQtickets(sandbox);
  expect(table).toEqual(HEALTHY);
  expect(Object.keys(table)).toEqual(QUESTIONS.map(({ id }) => id));
  expect([parts[0]?.sent, parts[0]?.failure, lines]).toEqual([20, undefined, []]);
  expect(sandbox.violations()).toEqual([]);
  expect(sandbox.requests.map(({ method }) => method)).toEqual(Array(20).fill("GET"));
  expect(parts[0]?.answers.find(({ id }) => id === "filter.id")).toEqual({
    id: "filter.id",
    question: "Is the filter by id honoured?",
    asked: [
      "GET /orders, payed = 1, id descending, 100 a page",
      "GET /orders, payed = 1, id > that of one of the newest, id ascending",
    ],
    answer: "yes",
    evidence: "10 of 1015 orders, 10 ids above it",
  });
});

test.each(MOODS)("a sandbox with %j is told from the usual one", async (mood, otherwise) => {
  const { table, parts } = await probeQtickets(await start(mood));
  expect(changes(table, HEALTHY)).toEqual(otherwise);
  expect(parts[0]?.failure).toBeUndefined();
});

test.each(FAULTS)("the fault %j is told", async (fault, otherwise) => {
  const sandbox = await start();
  sandbox.faults.set(fault);
  const { table, parts } = await probeQtickets(sandbox);
  expect(changes(table, HEALTHY)).toEqual(otherwise);
  expect(parts[0]?.failure).toBeUndefined();
});

/** What is not unknown. */
const known = ({ table }: Probed): Record<string, string> =>
  Object.fromEntries(Object.entries(table).filter(([, said]) => !said.startsWith("unknown: ")));

test("a shop without orders leaves open what orders would show", async () => {
  const probed = await probeQtickets(await start({ ordersPerDay: 0 }));
  const same = Object.keys(known(probed)).filter((id) => probed.table[id] === HEALTHY[id]);
  expect(same).toEqual([
    "reach.answers",
    "reach.token",
    "reach.wrongToken",
    "filter.unknown",
    "page.limit",
    "select.events",
    "event.city",
    "event.language",
    "seats.counters",
    "seats.tariffs",
    "seats.closed",
  ]);
  expect(changes(known(probed), HEALTHY)).toEqual({
    "reach.body": "yes: has an effect: page size",
    "page.frame": "yes: perPage 50, 0 rows of 0",
    "page.behind": "yes: currentPage 10, 0 rows",
    "limit.headers": "no: none in 12 answers",
    "limit.pace": "yes: 0 of 12 answers were 429",
    "time.offset": "yes: 0 of 178 without",
    "time.moscow": "yes: +03:00: 178",
    "time.form": "yes: 178 times",
  });
  expect(probed.parts[0]?.failure).toBeUndefined();
});

describe("an API that cannot be used", () => {
  const REFUSED = "HTTP 403, JSON with error, status";
  test.each<[FaultRule, Record<string, string>, number, string]>([
    [
      { kind: "status", status: 403 },
      { "reach.answers": `yes: ${REFUSED}`, "reach.token": `no: ${REFUSED}` },
      1,
      "QTickets /orders refused the token or the permission (HTTP 403, application/json, 34 bytes): check the token and its rights in the seller cabinet.",
    ],
    [
      { kind: "status", status: 503, body: "html" },
      { "reach.answers": "yes: HTTP 503" },
      5,
      "QTickets /orders failed (HTTP 503, text/html, 12968 bytes).",
    ],
    [{ kind: "drop" }, { "reach.answers": "no: ECONNRESET" }, 5, "QTickets /orders broke off (ECONNRESET)."],
    [
      { kind: "html" },
      { "reach.answers": "yes: HTTP 200 without a usable answer" },
      1,
      "QTickets /orders answered something that is not JSON (HTTP 200, text/html, 41 bytes).",
    ],
    [
      { kind: "statusError" },
      { "reach.answers": "yes: HTTP 200, code WRONG_AUTHORIZATION, JSON with status, code, message" },
      1,
      "QTickets /orders answered 200 with an error object.",
    ],
  ])("%j: nothing more is asked", async (fault, said, requests, sentence) => {
    const sandbox = await start();
    sandbox.faults.set(fault);
    const probed = await probeQtickets(sandbox);
    expect(known(probed)).toEqual(said);
    expect(probed.parts[0]?.failure?.message).toBe(sentence);
    expect([probed.parts[0]?.sent, sandbox.requests.length]).toEqual([requests, requests]);
    expect(probed.parts[0]?.fixture).toEqual({});
  });

  test("a wrong token is named, and shown nowhere", async () => {
    const probed = await probeQtickets({ url: (await start()).url, token: "planted-wrong-token" });
    expect(known(probed)).toEqual({
      "reach.answers": `yes: ${REFUSED}`,
      "reach.token": `no: ${REFUSED}`,
    });
    expect(JSON.stringify(probed).includes("planted-wrong-token")).toBe(false);
  });

  test("several failures in a row end the questions, and what was seen stays", async () => {
    const sandbox = await start();
    sandbox.faults.set({ kind: "status", status: 500, body: "html", skip: 3 });
    const { table, parts } = await probeQtickets(sandbox);
    expect(parts[0]?.sent).toBe(3 + 3 * 5);
    expect(parts[0]?.failure).toBeUndefined();
    expect([table["page.size"], table["filter.id"], table["seats.counters"]]).toEqual([
      HEALTHY["page.size"],
      "unknown: HTTP 500",
      "unknown: not asked: requests before it failed",
    ]);
  });

  test.each<[FaultRule, string]>([
    [{ kind: "missingPaging" }, "the answer holds no paging"],
    [{ kind: "bareArray" }, "the answer holds no list"],
  ])("%j: the token is good, and the list is told to be none", async (fault, why) => {
    const sandbox = await start();
    sandbox.faults.set(fault);
    const probed = await probeQtickets(sandbox);
    expect(known(probed)).toEqual({
      "reach.answers": "yes: HTTP 200",
      "reach.token": "yes: HTTP 200",
      "reach.wrongToken": HEALTHY["reach.wrongToken"],
      "filter.unknown": HEALTHY["filter.unknown"],
      "page.frame": `no: ${why}`,
      "limit.headers": "no: none in 9 answers",
      "limit.pace": "yes: 0 of 9 answers were 429",
    });
    expect(probed.parts[0]?.failure).toBeUndefined();
  });
});

interface Fixture {
  newest: { data: Record<string, unknown>[]; paging: object };
  changedLate: { data: unknown[] };
  events: { data: unknown[] };
  seats: { data: Record<string, unknown> };
  barcodes: unknown[];
}

describe("a fixture", () => {
  // Where select is ignored, personal data do arrive.
  const take = async (options: Partial<SandboxOptions> = {}) => {
    const sandbox = await start({ select: "ignored", ...options });
    const probed = await probeQtickets(sandbox, { LOG_LEVEL: "DEBUG" });
    return { sandbox, probed, fixture: probed.parts[0]?.fixture as Fixture };
  };
  const orderSchema = createOrderSchema(Date.parse("2030-01-16"), () => undefined);
  const eventSchema = createEventSchema(Date.parse("2030-01-16"), () => undefined);

  test("is read by the loader's schemas, with money, links and spans of time as they were", async () => {
    const { sandbox, fixture } = await take();
    const orders = fixture.newest.data.map((raw) => orderSchema.parse(raw));
    const given = [...fixture.newest.data.keys()].map((index) => {
      const all = sandbox.data.orders();
      const paid = Array.from({ length: all.length }, (_, at) => all.at(at)).filter(
        ({ payed_at: at }) => at !== null,
      );
      return createOrderSchema(NOW, () => undefined).parse(paid.at(-1 - index));
    });
    expect(orders).toHaveLength(20);
    expect(fixture.newest.paging).toEqual({ perPage: 100, currentPage: 1, total: 20 });
    const money = (list: Order[]) => list.map(({ baskets }) => baskets.map(({ price }) => price));
    expect(money(orders)).toEqual(money(given));
    const fiveDays = 5 * 24 * 3_600_000;
    expect(orders.map(({ payed_at: at }) => at?.ms)).toEqual(
      given.map(({ payed_at: at }) => at!.ms + fiveDays),
    );
    const sameEvent = (list: Order[]) =>
      list.map(({ event_id: id }) => list.findIndex((one) => one.event_id === id));
    expect(sameEvent(orders)).toEqual(sameEvent(given));
    const ids = orders.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    expect(ids.every((id) => id < 1000)).toBe(true);
    expect(fixture.changedLate.data.map((raw) => orderSchema.safeParse(raw).success)).toEqual(
      Array(19).fill(true),
    );
    const events = fixture.events.data.map((raw) => eventSchema.parse(raw));
    expect(events).toHaveLength(12);
    const shows = new Set(events.flatMap(({ shows }) => shows.map(({ id }) => id)));
    expect(orders.every(({ baskets }) => baskets.every(({ show_id: id }) => shows.has(id ?? "")))).toBe(true);
    const show = Number(/shows\/(\d+)\/seats/.exec(sandbox.requests.map(({ path }) => path).join(" "))?.[1]);
    const seats = sandbox.data.seats(show)?.slice(0, 20) ?? [];
    expect(countSeats(fixture.seats)).toEqual(countSeats({ data: seats }));
    expect(Object.keys(fixture.seats.data)).toHaveLength(20);
    expect(fixture.barcodes).toHaveLength(20);
    // Names of what the loader does not read are gone too.
    expect(Object.keys(fixture.newest.data[0] as object)).not.toContain("client");
  });

  test.each<[string, Partial<SandboxOptions>, FaultRule[]]>([
    ["as usual", {}, []],
    ["without filters", {}, [{ kind: "filtersIgnored" }]],
    ["with other types", {}, [{ kind: "wrongTypes" }]],
    ["with broken answers", {}, [{ kind: "brokenJson", route: "/events" }]],
  ])("%s holds no personal value and no secret, nor do output and log", async (_name, options, faults) => {
    const sandbox = await start({ select: "ignored", ...options });
    sandbox.faults.set(...faults);
    sandbox.data.addOrder(
      {
        custom: { "Ivan pii-marker-key": "pii-marker-custom", phone: 79_000_000_000 },
        utm: { utm_source: "buyer@example.test", utm_content: "pii-marker-utm" },
        currency_id: "pii-marker-currency",
      },
      NOW - 3_600_000,
    );
    const { parts, lines } = await probeQtickets(sandbox, { LOG_LEVEL: "DEBUG" });
    const written = JSON.stringify(parts) + lines.join("");
    expect(written.length).toBeGreaterThan(10_000);
    const personal = [...PII_PATTERNS, /@/, /planted/, /79000000000/, /Ivan/, /[А-Яа-я]/];
    expect(personal.filter((pattern) => pattern.test(written))).toEqual([]);
  });
});
