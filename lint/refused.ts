/** ClickHouse's refusal of a statement. */
export class Refused extends Error {
  constructor(
    readonly code: number,
    /** ClickHouse's own text, without code and version. */
    message: string,
  ) {
    super(message);
  }
}

/** ClickHouse's code and the first sentence of its text. */
export function describeRefusal({ code, message }: Refused): string {
  return `code ${code}, ${message.replace(/\s+/g, " ").split(/\. \(|: While |: In scope /)[0]}`;
}
