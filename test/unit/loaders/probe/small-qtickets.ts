import { serve, type Asked } from "./support";

/** A little Qtickets that shares no code with the sandbox, and may be otherwise in everything that the probe asks. */
export interface Habits {
  filters: boolean;
  order: boolean;
  most: number;
  queryString: boolean;
  select: boolean;
  /** Rows of a page, page number included, or page 1 whatever is asked for. */
  pages: boolean;
  /** How a moment is written. */
  time: (ms: number) => string;
  /** How the value of a filter is read, in ms. */
  readTime: (text: string) => number;
  headers: Record<string, string>;
  wrongToken: number;
  unknownColumn: "refused" | "ignored";
  city: unknown;
  name: unknown;
  counters: boolean;
  /** Barcodes beside those of valid tickets. */
  moreBarcodes: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const EVENT = 700_001;
export const TOKEN = "planted-token-of-a-small-api";

export const moscow = (ms: number): string => `${new Date(ms + 3 * HOUR).toISOString().slice(0, 19)}+03:00`;

export const usual: Habits = {
  filters: true,
  order: true,
  most: 500,
  queryString: false,
  select: true,
  pages: true,
  time: moscow,
  readTime: Date.parse,
  headers: {},
  wrongToken: 403,
  unknownColumn: "refused",
  city: { id: 3, name: "Planted City" },
  name: "Planted Name",
  counters: true,
  moreBarcodes: 0,
};

type Row = Record<string, unknown>;
interface Query {
  select?: string[];
  where?: { column: string; operator?: string; value: string | number }[];
  orderBy?: { id?: "asc" | "desc" };
  page?: number;
  perPage?: number;
}

/** 240 orders, one every two and a half hours up to `now`, of two events; every third ticket was refunded ten days later. */
function orders(now: number, { time }: Habits): Row[] {
  return Array.from({ length: 240 }, (_, index): Row => {
    const paid = now - (240 - index) * 2.5 * HOUR;
    const isPaid = index % 5 !== 0;
    const refunded = index % 3 === 0 && paid + 10 * DAY < now ? paid + 10 * DAY : null;
    const ticket = (line: number, price: number): Row => ({
      id: 5_000_000 + index * 10 + line,
      show_id: 800_001 + (index % 2) + (index === 0 ? line : 0),
      price,
      quantity: line === 1 && index % 7 === 0 ? 2 : 1,
      ticket_amount: refunded === null ? price : 0,
      related_baskets: line === 0 && index % 50 === 1 ? [5_000_001 + index * 10] : [],
      client_name: "Planted Buyer",
      client_email: "planted@example.test",
      client_phone: "+7 911 111-22-33",
      created_at: time(paid - HOUR),
      updated_at: time(refunded ?? paid),
      deleted_at: null,
      refunded_at: refunded === null ? null : time(refunded),
      refunded_amount: refunded === null ? null : price,
      refunded_deduction_amount: null,
    });
    const baskets = [ticket(0, 500), ticket(1, 250)];
    return {
      id: 900_000 + index,
      event_id: EVENT + (index % 2),
      payed: isPaid ? 1 : 0,
      payed_at: isPaid ? time(paid) : null,
      currency_id: "RUB",
      utm: [],
      price: baskets.reduce((sum, { price, quantity }) => sum + Number(price) * Number(quantity), 0),
      refunds: refunded === null ? [] : [{ id: index + 1, comment: "Planted Comment" }],
      primary_orders: [],
      client: { name: "Planted Buyer", phone: 79_111_112_233 },
      baskets,
      created_at: time(paid - HOUR),
      updated_at: time(refunded ?? paid),
      deleted_at: null,
    };
  });
}

function events(now: number, { time, city, name }: Habits): Row[] {
  return [0, 1].map((index) => ({
    id: EVENT + index,
    name,
    is_active: 1,
    city,
    currency_id: "RUB",
    scheme_properties: { seats: "Planted Map" },
    shows: [
      {
        id: 800_001 + index,
        is_active: 1,
        start_date: time(now + DAY),
        finish_date: time(now + DAY + HOUR),
        created_at: time(now - 90 * DAY),
        updated_at: time(now - 90 * DAY),
        deleted_at: null,
      },
    ],
    created_at: time(now - 90 * DAY),
    updated_at: time(now - 90 * DAY),
    deleted_at: null,
  }));
}

function pick(row: Row, select: readonly string[]): Row {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => {
      if (select.includes(name)) return [[name, value]];
      const inner = select.flatMap((one) => (one.startsWith(`${name}.`) ? [one.slice(name.length + 1)] : []));
      return inner.length === 0 ? [] : [[name, (value as Row[]).map((one) => pick(one, inner))]];
    }),
  );
}

/** Starts it. */
export async function serveSmall(now: number, habits: Partial<Habits>) {
  const api = { ...usual, ...habits };
  const rows = { "/orders": orders(now, api), "/events": events(now, api) };
  const refused = (status: number, code: string) => ({
    status,
    headers: api.headers,
    body: { error: "x", code },
  });
  const isMet = (
    row: Row,
    { column, operator = "=", value }: NonNullable<Query["where"]>[number],
  ): boolean => {
    const isTime = column.endsWith("_at");
    const given = row[column] as string | number | null;
    const found = isTime ? (given === null ? NaN : api.readTime(String(given))) : Number(given);
    const wanted = isTime ? api.readTime(String(value)) : Number(value);
    if (operator === "=") return found === wanted;
    if (operator === ">") return found > wanted;
    return operator === "<" ? found < wanted : found >= wanted;
  };
  const list = (path: "/orders" | "/events", query: Query) => {
    const unknown = (query.where ?? []).some(({ column }) => !(column in (rows[path][0] as Row)));
    if (unknown && api.unknownColumn === "refused" && api.filters) return refused(503, "UNKNOWN_ERROR");
    const where = api.filters && !unknown ? (query.where ?? []) : [];
    const found = rows[path].filter((row) => where.every((condition) => isMet(row, condition)));
    if (api.order && query.orderBy?.id === "desc") found.reverse();
    const perPage = Math.min(query.perPage ?? 50, api.most);
    const page = api.pages ? (query.page ?? 1) : 1;
    const { select } = query;
    const data = found
      .slice((page - 1) * perPage, page * perPage)
      .map((row) => (select && api.select ? pick(row, select) : row));
    const paging = { perPage, currentPage: page, total: found.length };
    return { headers: api.headers, body: { data, paging } };
  };
  const { url, asked } = await serve(({ path, query, token, body }: Asked) => {
    if (token !== TOKEN) return { status: api.wrongToken, headers: api.headers, body: { error: "x" } };
    const given = body === "" ? {} : (JSON.parse(body) as Query);
    const column = query.get("where[0][column]");
    if (column !== null && api.queryString) {
      given.where = [
        {
          column,
          operator: query.get("where[0][operator]") ?? "=",
          value: query.get("where[0][value]") ?? "",
        },
      ];
    }
    if (path === "/orders" || path === "/events") return list(path, given);
    const show = /^\/shows\/(\d+)\/(seats|barcodes)$/.exec(path);
    if (show === null) return refused(404, "RESOURCE_NOT_FOUND");
    if (show[2] === "barcodes") {
      const valid = rows["/orders"]
        .filter(({ payed }) => payed === 1)
        .flatMap(({ baskets }) => baskets as Row[])
        .filter(({ show_id: id, refunded_at: at }) => String(id) === show[1] && at === null)
        .reduce((sum, { quantity }) => sum + Number(quantity), 0);
      return {
        headers: api.headers,
        body: Array.from({ length: valid + api.moreBarcodes }, () => ({ price: 500 })),
      };
    }
    const seat = (zone: string, root: string, admission: boolean): Row => ({
      id: `${zone}_${root}`,
      root_id: root,
      admission,
      ...(api.counters ? { max_quantity: admission ? 40 : 1, free_quantity: 1 } : {}),
      available: true,
      disabled: false,
    });
    const seats = [
      seat("full", "PLANTED-1;1", false),
      seat("cheap", "PLANTED-1;1", false),
      seat("full", "FLOOR", true),
    ];
    return {
      headers: api.headers,
      body: { data: Object.fromEntries(seats.map((one) => [String(one.id), one])) },
    };
  });
  return { url, token: TOKEN, asked };
}
