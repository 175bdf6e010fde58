import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { Agent, request } from "undici";
import { pageBody } from "../loaders/qtickets/api";
import { createOrderParser } from "../loaders/qtickets/order-parser";
import { ORDER_COLUMNS, orderRows } from "../loaders/qtickets/order-rows";
import { createOrderSchema, ORDER_FIELDS } from "../loaders/qtickets/schemas";

/**
 * Reference (b): a straightforward loader, as the predecessor was: page after page over one connection, all rows kept,
 * one insert at the end. It checks nothing, recomputes nothing and keeps no journal. Answers rows and seconds.
 */
export async function loadSequentially(
  api: string,
  clickhouse: { url: string; username: string; password: string },
): Promise<{ rows: number; seconds: number }> {
  const start = performance.now();
  const now = Date.now();
  const order = createOrderSchema(now, () => undefined);
  const read = createOrderParser(order, now, () => undefined);
  const context = {
    eventOfShow: new Map<string, string>(),
    cityOfEvent: new Map<string, string>(),
    readAt: now,
    payloads: true,
    onRefundWithoutAmount: () => undefined,
  };
  const dispatcher = new Agent({ connections: 1 });
  const client = createClient({
    ...clickhouse,
    request_timeout: 600_000,
    log: { level: ClickHouseLogLevel.OFF },
  });
  try {
    const rows: Record<string, unknown>[] = [];
    for (let page = 1; ; page += 1) {
      const body = JSON.stringify(pageBody({ select: ORDER_FIELDS, pageSize: 100 }, { page }));
      const headers = { "content-type": "application/json" };
      const answer = await request(`${api}/orders`, { method: "GET", dispatcher, headers, body });
      const { data, paging } = (await answer.body.json()) as {
        data: unknown[];
        paging: { perPage: number; total: number };
      };
      rows.push(...data.flatMap((raw) => orderRows(read(raw), context)));
      if (data.length === 0 || page * paging.perPage >= paging.total) break;
    }
    const [first, ...rest] = ORDER_COLUMNS;
    await client.insert({
      table: "zakaz.stg_qtickets_api_orders_raw",
      columns: [first, ...rest],
      values: rows,
      format: "JSONEachRow",
    });
    return { rows: rows.length, seconds: (performance.now() - start) / 1000 };
  } finally {
    await client.close();
    await dispatcher.destroy();
  }
}
