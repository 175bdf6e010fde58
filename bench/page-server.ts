import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ORDER_FIELDS } from "../loaders/qtickets/schemas";
import { DataSet } from "../sandbox/qtickets/data-set";
import type { Order } from "../sandbox/qtickets/types";

/**
 * `tsx bench/page-server.ts <orders> <rows per page> <latency in ms>`: the sandbox's data as pages that are made before
 * the first request, so that what is measured is the client. Speaks to its parent by messages: the port when it is ready.
 */
const [orders = 0, perPage = 100, latency = 0] = process.argv.slice(2).map(Number);

/** Orders of the sandbox that serve as patterns; the others are their copies with ids of their own. */
const PATTERNS = 4000;

function selected(node: Record<string, unknown>, prefix: string): Record<string, unknown> {
  const names = ORDER_FIELDS.filter(
    (field) => field.startsWith(prefix) && !field.slice(prefix.length).includes("."),
  );
  return Object.fromEntries(
    names.map((field) => [field.slice(prefix.length), node[field.slice(prefix.length)]]),
  );
}

/** Paid orders, with the fields that the loader asks for. */
function patterns(data: DataSet): Record<string, unknown>[] {
  const all = data.orders();
  const found: Record<string, unknown>[] = [];
  for (let index = 0; index < all.length && found.length < PATTERNS; index += 1) {
    const order = all.at(index) as unknown as Order & Record<string, unknown>;
    if (order.payed_at === null || order.deleted_at !== null) continue;
    const baskets = order.baskets.map((one) =>
      selected(one as unknown as Record<string, unknown>, "baskets."),
    );
    found.push({ ...selected(order, ""), baskets });
  }
  return found;
}

function makePages(data: DataSet): Buffer[] {
  const made = patterns(data);
  const pages: Buffer[] = [];
  for (let from = 0; from < orders; from += perPage) {
    const rows: unknown[] = [];
    for (let index = from; index < Math.min(orders, from + perPage); index += 1) {
      const pattern = made[index % made.length] as { baskets: Record<string, unknown>[] };
      const id = 10_000_000 + index;
      const baskets = pattern.baskets.map((one, line) => ({ ...one, id: id * 10 + line }));
      rows.push({ ...pattern, id, baskets });
    }
    const paging = { perPage, currentPage: pages.length + 1, total: orders };
    pages.push(Buffer.from(JSON.stringify({ data: rows, paging })));
  }
  return pages;
}

const data = new DataSet({
  seed: 1,
  ordersPerDay: 200,
  days: 28,
  events: 12,
  dates: "moscow",
  flags: "usual",
  now: Date.now,
});
const events = data.events();
const list = (rows: unknown[]) =>
  Buffer.from(JSON.stringify({ data: rows, paging: { perPage: 100, currentPage: 1, total: rows.length } }));
const nothing = list([]);
const eventPage = list(events);
const pages = makePages(data);

function answer(path: string, body: string): Buffer {
  if (path.endsWith("/events")) return eventPage;
  // The loader asks whether filters are honoured by what nobody paid after 2100.
  if (!path.endsWith("/orders") || body.includes('"2100-')) return nothing;
  return pages[Number(/"page":(\d+)/.exec(body)?.[1] ?? 1) - 1] ?? nothing;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const found = answer(request.url ?? "", Buffer.concat(chunks).toString());
    const send = () =>
      response
        .writeHead(200, { "content-type": "application/json", "content-length": found.length })
        .end(found);
    if (latency > 0) setTimeout(send, latency);
    else send();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit(0));
