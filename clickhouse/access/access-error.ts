/** A refused access statement, in the terms of ClickHouse: error code, and a text that ends with the code's name. */
export class AccessError extends Error {
  constructor(
    readonly code: number,
    name: string,
    text: string,
  ) {
    super(`${text} (${name})`);
  }
}

/** For statements that a server would take and this engine cannot keep. */
export function notSupported(what: string): AccessError {
  return new AccessError(
    48,
    "NOT_IMPLEMENTED",
    `The embedded engine cannot keep this in its access file: ${what}.`,
  );
}
