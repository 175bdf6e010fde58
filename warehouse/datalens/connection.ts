import { z } from "zod";
import type { ReaderTarget } from "../target";

/** Settings that DataLens puts into the address of each query. */
export const DATALENS_SETTINGS = {
  readonly: "2",
  join_use_nulls: "1",
  send_progress_in_http_headers: "0",
  output_format_json_quote_denormals: "1",
  default_format: "JSONCompact",
} as const;

/** DataLens gives up sooner on a server that does not answer; a check may wait longer. */
const TIMEOUT_MS = 80_000;

const jsonCompact = z.object({
  meta: z.array(z.object({ name: z.string(), type: z.string() })),
  data: z.array(z.array(z.unknown())),
});
export type Answer = z.infer<typeof jsonCompact>;

/** ClickHouse's refusal of a query; the message is the server's own. */
export class Refused extends Error {
  constructor(
    /** ClickHouse's code, e.g. 497. */
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Sends one query exactly as DataLens does: POST, Basic authentication, settings in the address.
 * @param settings replace or add settings, e.g. `{ readonly: "1" }`
 * @throws Refused when ClickHouse refuses; TypeError of fetch when it cannot be reached
 */
export async function ask(
  target: ReaderTarget,
  query: string,
  settings: Record<string, string> = {},
): Promise<Answer> {
  const url = new URL(target.url);
  const parameters = { database: "zakaz", ...DATALENS_SETTINGS, ...settings };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const credentials = Buffer.from(`${target.user}:${target.password}`).toString("base64");
  const response = await fetch(url, {
    method: "POST",
    headers: { Authorization: `Basic ${credentials}`, "User-Agent": "DataLens" },
    body: query,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Refused(Number(/Code: (\d+)/.exec(text)?.[1] ?? 0), text.trim());
  return jsonCompact.parse(JSON.parse(text));
}
