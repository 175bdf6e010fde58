/**
 * A statement that cannot stand in the declaration of access. The message is one sentence without file and line, and holds
 * no password.
 */
export class DeclarationError extends Error {}

/** For statements that ClickHouse takes and this parser does not know. */
export function unreadable(what: string): DeclarationError {
  return new DeclarationError(`this statement cannot be read by zakaz yet: ${what}`);
}
