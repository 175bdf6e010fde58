import { json, type Answer, type ApiRequest } from "../http";
import type { Collection } from "./data-set";
import { notFound, unknownError, unknownRoute, unprocessable } from "./errors";
import { Lists, type Behaviour } from "./lists";
import { BadQuery, columnsOf, matcher, parseQuery, selector, type Query } from "./query";
import type { Organiser } from "./store";
import type { Seat } from "./types";

type Route = [pattern: RegExp, answer: (query: () => Query, id: string) => Answer];

/** Paths that exist, but hold personal data or are not documented. */
const PERSONAL = /^\/(?:clients|baskets)(?:\/|$)|^\/shows\/[^/]+\/barcode\//;

/** Why a read-only client must never send this request; undefined when it may. */
export function violationOf({ method, path }: Pick<ApiRequest, "method" | "path">): string | undefined {
  if (method !== "GET") return `${method} would change data`;
  return PERSONAL.test(path) ? "personal data must not be read" : undefined;
}

/** The Qtickets REST API over data: a function from a request to its answer. */
export function qticketsHandler(data: Organiser, behaviour: Behaviour): (request: ApiRequest) => Answer {
  const lists = new Lists(behaviour);
  const routes: Route[] = [
    [
      /^\/orders$/,
      (query) =>
        lists.page(
          {
            name: "orders",
            rows: data.orders(),
            heads: data.orderHeads(),
            sample: data.sampleOrder(),
            perPage: 50,
            canSelect: true,
          },
          query(),
          data.revision,
        ),
    ],
    [/^\/orders\/([^/]+)$/, (_, id) => singleObject("Order", id, (number) => data.order(number))],
    [
      /^\/events$/,
      (query) =>
        lists.page(
          { ...smallListing("events", data.events(), 10), sample: data.sampleEvent(), canSelect: true },
          query(),
          data.revision,
        ),
    ],
    [/^\/events\/([^/]+)$/, (_, id) => singleObject("Event", id, (number) => data.event(number))],
    [/^\/shows\/([^/]+)\/seats$/, (query, id) => withShow(data, id, (seats) => answerSeats(seats, query()))],
    [
      /^\/shows\/([^/]+)\/barcodes$/,
      (query, id) => withShow(data, id, () => answerBarcodes(data, Number(id), query())),
    ],
    [
      /^\/discounts$/,
      (query) => lists.page(smallListing("discounts", data.discounts(), 100), query(), data.revision),
    ],
    [
      /^\/promo-codes$/,
      (query) => lists.page(smallListing("promo-codes", data.promoCodes(), 500), query(), data.revision),
    ],
    [/^\/color-themes$/, () => json(200, { data: data.colorThemes() })],
    [/^\/(?:clients|baskets)$/, (query) => emptyList(query())],
    [/^\/clients\/([^/]+)$/, (_, id) => notFound("Client", numericId(id))],
    [/^\/shows\/[^/]+\/barcode\/([^/]+)$/, (_, id) => notFound("Barcode", numericId(id))],
  ];
  return (request) => {
    if (request.method !== "GET") return unknownError();
    for (const [pattern, answer] of routes) {
      const match = pattern.exec(request.path);
      if (match === null) continue;
      try {
        return answer(() => readQuery(request), match[1] ?? "");
      } catch (error) {
        if (!(error instanceof BadQuery)) throw error;
        return behaviour.malformed === 422 ? unprocessable(error.message) : unknownError();
      }
    }
    return unknownRoute();
  };
}

/** The body counts only when it is declared as JSON. */
function readQuery(request: ApiRequest): Query {
  if (!/^application\/(?:\w+\+)?json\b/i.test(request.contentType) || request.body.length === 0) {
    return parseQuery({});
  }
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString());
  } catch {
    throw new BadQuery("the body is not JSON");
  }
  return parseQuery(body);
}

function smallListing<T extends { id: number }>(name: string, rows: T[], perPage: number) {
  const sample = rows[0] as T;
  const collection: Collection<T> = { length: rows.length, at: (index) => rows[index] as T };
  return { name, rows: collection, sample, perPage, canSelect: false };
}

function numericId(id: string): number {
  return /^\d+$/.test(id) ? Number(id) : 0;
}

function singleObject(resource: string, id: string, find: (id: number) => object | undefined): Answer {
  const found = find(numericId(id));
  return found === undefined ? notFound(resource, numericId(id)) : json(200, { data: found });
}

function withShow(data: Organiser, id: string, answer: (seats: Seat[]) => Answer): Answer {
  const seats = data.seats(numericId(id));
  return seats === undefined ? notFound("Show", numericId(id)) : answer(seats);
}

const COUNTERS = [
  "max_quantity",
  "free_quantity",
  "ordered_quantity",
  "payed_quantity",
  "in_basket_quantity",
] as const;

/** Every field a seat can have, so that a show without counters still knows the columns. */
function seatColumns(seats: Seat[]): Set<string> {
  const columns = columnsOf(seats[0] ?? {});
  for (const counter of COUNTERS) columns.add(counter);
  return columns;
}

function answerSeats(seats: Seat[], query: Query): Answer {
  if (seats.length === 0) return json(200, { data: [] });
  const columns = seatColumns(seats);
  // The vendor's sample names a column whose words its own table has in the other order.
  const where = query.where.map((condition) =>
    condition.column === "root_zone_id" ? { ...condition, column: "zone_root_id" } : condition,
  );
  const found = seats.filter(matcher(where, columns));
  if (found.length === 0) return json(200, { data: [] });
  const show = selector(query.select ?? ["id", "root_id", "zone_id", "name", "admission"], columns);
  if (query.flat) return json(200, { data: Object.fromEntries(found.map((seat) => [seat.id, show(seat)])) });
  const zones = new Map<string, Record<string, unknown>>();
  for (const seat of found) {
    const places = zones.get(seat.zone_id) ?? {};
    zones.set(seat.zone_id, places);
    places[seat.short_seat_id] =
      query.select === undefined ? { seat_id: seat.id, admission: seat.admission } : show(seat);
  }
  const data = [...zones].map(([zone, places]) => [
    zone,
    { zone_id: zone, name: zone, description: "", seats: places },
  ]);
  return json(200, { data: Object.fromEntries(data) as object });
}

/** One code per valid ticket of a show; a bare list, as the vendor has it. */
function answerBarcodes(data: Organiser, showId: number, query: Query): Answer {
  const orders = data.orders();
  const codes: object[] = [];
  const sample = {
    barcode: "",
    admission: false,
    price: 0,
    seat_name: "",
    zone_name: "",
    row: "",
    place: "",
    client_name: "",
    client_surname: "",
    client_middlename: null,
  };
  const show = selector(query.select, columnsOf(sample));
  for (let index = 0; index < orders.length; index++) {
    const order = orders.at(index);
    if (order.payed_at === null || order.deleted_at !== null) continue;
    for (const basket of order.baskets) {
      if (basket.show_id !== showId || basket.deleted_at !== null || basket.refunded_at !== null) continue;
      const [zone = "", seat = ""] = basket.seat_id.split("-");
      const [row = "", place = ""] = seat.split(";");
      codes.push({
        barcode: basket.barcode,
        admission: zone === "DANCE_FLOOR" || zone === "VIP",
        price: basket.price,
        seat_name: basket.seat_name,
        zone_name: zone,
        row,
        place,
        client_name: basket.client_name,
        client_surname: basket.client_surname,
        client_middlename: basket.client_middlename,
      });
    }
  }
  return json(200, codes.map(show));
}

function emptyList(query: Query): Answer {
  return json(200, { data: [], paging: { perPage: 100, currentPage: query.page, total: 0 } });
}
