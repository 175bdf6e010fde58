import { z } from "zod";
import { DATABASE } from "../catalogue";
import type { Sending, Warehouse } from "../client";

/** Settings that DataLens puts into the address of each query. */
const DATALENS_SETTINGS = {
  readonly: "2",
  join_use_nulls: "1",
  send_progress_in_http_headers: "0",
  output_format_json_quote_denormals: "1",
  default_format: "JSONCompact",
};

const jsonCompact = z.object({
  meta: z.array(z.object({ name: z.string(), type: z.string() })),
  data: z.array(z.array(z.unknown())),
});
export type Answer = z.infer<typeof jsonCompact>;

/**
 * Sends one query as DataLens does: POST, Basic authentication, settings in the address.
 * @param how settings that replace those of DataLens or are added, e.g. `{ readonly: "1" }`; an id of the query
 * @throws StatementFailure, Unreachable
 */
export async function ask(
  warehouse: Warehouse,
  query: string,
  { settings = {}, ...how }: Pick<Sending, "settings" | "queryId"> = {},
): Promise<Answer> {
  const all = { database: DATABASE, ...DATALENS_SETTINGS, ...settings };
  return jsonCompact.parse(JSON.parse(await warehouse.text(query, {}, { ...how, settings: all })));
}
