import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../core/errors";
import type { QticketsClient } from "./client";

/**
 * Reads `events.json` and `orders.json` (or `…_sample.json`, `…_fixture.json`) from a folder: a bare list or `{data: […]}`.
 * A file that is missing or no such list is a `UsageError`, at once.
 */
export function fixtureClient(directory: string): QticketsClient {
  const lists = { "/events": readList(directory, "events"), "/orders": readList(directory, "orders") };
  const client: QticketsClient = {
    offline: true,
    // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, a file is not
    pages: async function* (path, _query, parse) {
      const rows = path === "/orders" || path === "/events" ? lists[path] : [];
      yield { content: parse(rows), size: rows.length, total: rows.length };
    },
    count: () => Promise.resolve(0),
    seats: () => Promise.resolve({ data: [] }),
    answer: () => Promise.resolve({ data: [] }),
    within: () => client,
  };
  return client;
}

function readList(directory: string, name: string): unknown[] {
  const names = [`${name}.json`, `${name}_sample.json`, `${name}_fixture.json`];
  const file = names.map((one) => join(directory, one)).find((path) => existsSync(path));
  if (file === undefined) throw new UsageError(`${directory} has none of ${names.join(", ")}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
  const list = Array.isArray(content) ? (content as unknown[]) : (content as { data?: unknown } | null)?.data;
  if (!Array.isArray(list))
    throw new UsageError(`${file} is neither a list nor an object with a list in "data"`);
  return list as unknown[];
}
