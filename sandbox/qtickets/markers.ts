/** Every personal value of the sandbox holds this text, so that a leak is found by one search. */
export const PII_MARKER = "pii-marker-";

/** Where buyers' ids start, and the first digits of every ticket code: numbers cannot carry the marker text. */
export const FIRST_CLIENT_ID = 990_000_000;
const BARCODE_PREFIX = "87";

/** A telephone number that some orders carry in a campaign mark, where readers must recognise it. */
export const UTM_PHONE = "+7 900 000-00-00";

/** What a search for leaked personal data must not find in tables, logs and journals: marker text, buyers' ids, ticket codes. */
export const PII_PATTERNS: readonly RegExp[] = [
  /pii-marker-/i,
  /\+7 900 000-00-00/,
  /\b99\d{7}\b/,
  /\b87\d{10}\b/,
];

/** A personal value that says which field and which object it was made for. */
export function marker(field: string, id: number): string {
  return `${PII_MARKER}${field}-${id}`;
}

/** The 12-digit code of a ticket. */
export function barcode(basketId: number): string {
  return BARCODE_PREFIX + String(basketId).padStart(10, "0");
}
