import { ApiError } from "../../core/api-error";
import { readObject } from "../../core/fields";
import type { HttpClient, HttpRequest } from "../../core/http";
import { MOSCOW } from "../../core/values";
import { Unknown, type ProbeCalls, type Seen } from "../../pipeline/probe";
import type { Condition } from "../api";
import { EVENT_FIELDS, ORDER_FIELDS } from "../schemas";
import { SEATS_BODY } from "../seat-counts";
import { filterTime } from "../windows";
import { anyShow, middleId, newestPayment, pageOf, recentBound, smallEvent } from "./answers";
import type { Call } from "./call-names";

export const PAGE = 100;
export const LARGE = 1000;
export const LARGEST = 100_000;
const EVENTS = 50;

const DAY = 24 * 3_600_000;
/** Nothing is paid or changed so late. */
const IN_2100 = filterTime(Date.UTC(2100, 0, 1), MOSCOW);
/** What is asked of orders that changed long after they were paid: what refunds and deletions leave behind; nobody's name. */
const LATE_FIELDS = [
  ...ORDER_FIELDS,
  "price",
  "refunds",
  "baskets.ticket_amount",
  "baskets.related_baskets",
] as const;

/** No token that any shop has. */
const WRONG_TOKEN = "zakaz-probe-wrong-token";

interface Body {
  select?: readonly string[];
  where?: readonly Condition[];
  orderBy?: Record<string, "asc" | "desc">;
  page?: number;
  perPage?: number;
  flat?: boolean;
}

const IS_PAID: Condition = { column: "payed", value: 1 };

/** What the API is asked. Personal fields are in the answer of `plain` and `queryString` alone, and wherever `select` is ignored. */
export function callsOver(http: Pick<HttpClient, "send">, now: number): ProbeCalls<Call> {
  const send = (request: HttpRequest) => http.send({ ...request, isMended: () => true, isRepeatable });
  const get = (path: string, body: Body) =>
    send({ path, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const orders = (body: Body) => get("/orders", body);
  const none = (where: readonly Condition[]): Body => ({
    select: ["id"],
    where,
    orderBy: { id: "asc" },
    page: 1,
    perPage: 1,
  });
  const paidSince = (seen: Seen<Call>, zone: string) =>
    orders({
      select: ["id", "payed_at"],
      where: [IS_PAID, { column: "payed_at", operator: ">=", value: filterTime(recentBound(seen), zone) }],
      orderBy: { id: "asc" },
      page: 1,
      perPage: PAGE,
    });
  const newest = (page: number) =>
    orders({ select: ORDER_FIELDS, where: [IS_PAID], orderBy: { id: "desc" }, page, perPage: PAGE });
  return {
    plain: {
      says: "GET /orders, page 1, nothing else",
      send: async () => refuseErrorObject(await orders({ page: 1 })),
    },
    newest: { says: `GET /orders, payed = 1, id descending, ${PAGE} a page`, send: () => newest(1) },
    second: {
      says: "the same, page 2",
      send: (seen) => {
        const { total, perPage } = pageOf(seen, "newest");
        if (total <= perPage) throw new Unknown(`${total} paid orders are one page`);
        return newest(2);
      },
    },
    behind: {
      says: "the same, ten pages behind the last one",
      send: (seen) => {
        const { total, perPage } = pageOf(seen, "newest");
        return newest(Math.ceil(total / Math.max(1, perPage)) + 10);
      },
    },
    aboveId: {
      says: "GET /orders, payed = 1, id > that of one of the newest, id ascending",
      send: (seen) =>
        orders({
          select: ["id"],
          where: [IS_PAID, { column: "id", operator: ">", value: Number(middleId(seen)) }],
          orderBy: { id: "asc" },
          page: 1,
          perPage: PAGE,
        }),
    },
    paidIn2100: {
      says: "GET /orders, payed = 1, payed_at >= 2100",
      send: () => orders(none([IS_PAID, { column: "payed_at", operator: ">=", value: IN_2100 }])),
    },
    paidRecently: {
      says: "GET /orders, payed = 1, payed_at >= two hours before the newest payment, in Moscow's time",
      send: (seen) => paidSince(seen, MOSCOW),
    },
    paidRecentlyUtc: {
      says: "the same moment, written with the offset +00:00",
      send: (seen) => paidSince(seen, "utc"),
    },
    changedIn2100: {
      says: "GET /orders, updated_at >= 2100",
      send: () => orders(none([{ column: "updated_at", operator: ">=", value: IN_2100 }])),
    },
    changedRecently: {
      says: "GET /orders, updated_at >= two hours before the newest payment",
      send: (seen) => {
        if (seen.failure("changedIn2100") !== undefined) throw new Unknown("the one before it failed");
        return orders({
          select: ["id", "updated_at"],
          where: [{ column: "updated_at", operator: ">=", value: filterTime(recentBound(seen), MOSCOW) }],
          orderBy: { id: "asc" },
          page: 1,
          perPage: PAGE,
        });
      },
    },
    changedLate: {
      says: "GET /orders, paid more than eight days ago, changed within a week if that can be asked for",
      send: (seen) => {
        const at = (days: number) => filterTime(newestPayment(seen) - days * DAY, MOSCOW);
        const changed: Condition = { column: "updated_at", operator: ">=", value: at(7) };
        return orders({
          select: LATE_FIELDS,
          where: [
            { column: "payed_at", operator: "<", value: at(8) },
            ...(seen.failure("changedIn2100") === undefined ? [changed] : []),
          ],
          orderBy: { id: "desc" },
          page: 1,
          perPage: PAGE,
        });
      },
    },
    events: {
      says: `GET /events, id descending, ${EVENTS} a page`,
      send: () =>
        get("/events", {
          select: EVENT_FIELDS,
          where: [],
          orderBy: { id: "desc" },
          page: 1,
          perPage: EVENTS,
        }),
    },
    seats: {
      says: "GET /shows/{id}/seats, flat, of a show to come",
      send: (seen) => get(`/shows/${anyShow(seen, now)}/seats`, SEATS_BODY),
    },
    ordersOfEvent: {
      says: "GET /orders, event_id = that with the fewest of the newest orders",
      send: (seen) =>
        orders({
          select: ORDER_FIELDS,
          where: [{ column: "event_id", value: Number(smallEvent(seen).event) }],
          orderBy: { id: "asc" },
          page: 1,
          perPage: LARGE,
        }),
    },
    barcodes: {
      says: "GET /shows/{id}/barcodes, prices only, of a show of that event",
      send: (seen) => get(`/shows/${smallEvent(seen).show}/barcodes`, { select: ["price"] }),
    },
    large: {
      says: `GET /orders, ids only, ${LARGE} a page`,
      send: () => orders({ select: ["id"], where: [], orderBy: { id: "asc" }, page: 1, perPage: LARGE }),
    },
    largest: {
      says: `GET /orders, payed_at >= 2100, ${LARGEST} a page`,
      send: (seen) => {
        if (pageOf(seen, "paidIn2100").total > 0) throw new Unknown("no filter keeps so large a page empty");
        return orders({
          ...none([IS_PAID, { column: "payed_at", operator: ">=", value: IN_2100 }]),
          perPage: LARGEST,
        });
      },
    },
    queryString: {
      says: "GET /orders?where[0][column]=payed_at&…, payed_at >= 2100, without a body",
      send: () =>
        send({
          path: "/orders",
          query: new URLSearchParams({
            "where[0][column]": "payed_at",
            "where[0][operator]": ">=",
            "where[0][value]": IN_2100,
            perPage: "1",
          }),
        }),
    },
    unknownColumn: {
      says: "GET /orders, a column that does not exist",
      send: () => orders(none([{ column: "zakaz_probe", value: 1 }])),
    },
    wrongToken: {
      says: "GET /orders with a wrong token",
      send: () =>
        send({
          path: "/orders",
          headers: { "content-type": "application/json", authorization: `Bearer ${WRONG_TOKEN}` },
          body: JSON.stringify(none([])),
        }),
    },
  };
}

/** An error that comes with HTTP 200 says nothing good of the token. Throws `ApiError`. */
function refuseErrorObject(body: unknown): unknown {
  const { status, code } = readObject(body);
  if (status !== "error") return body;
  const word = typeof code === "string" && /^[A-Z][A-Z_]{0,63}$/.test(code) ? code : null;
  throw new ApiError("QTickets /orders answered 200 with an error object.", 200, word, false);
}

/** A request that the API does not understand fails in the same way every time. */
const isRepeatable = ({ code }: ApiError): boolean => code !== "UNKNOWN_ERROR";
