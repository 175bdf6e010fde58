/** Longest payload that is kept, in bytes. */
const LONGEST = 4096;

/**
 * Fields of the source as the JSON text of a `payload_json` column. The caller names each field: ids, money, timestamps and
 * flags only, nothing personal. Null and undefined are left out; a payload above 4 KB is empty.
 */
export function payloadJson(fields: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(fields, (_key, value: unknown) => value ?? undefined);
  return Buffer.byteLength(text) > LONGEST ? "" : text;
}

/** A timestamp (ms) in a payload: ISO 8601 in UTC. */
export function payloadTimestamp(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
