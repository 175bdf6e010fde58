/** A request as a vendor's API sees it. */
export interface ApiRequest {
  method: string;
  /** Path below the vendor's base path, e.g. `/orders`; empty when the address is outside of it. */
  path: string;
  query: URLSearchParams;
  /** Characters of the address as it was sent, from the first slash on. */
  urlLength: number;
  /** The header of that name; empty when there is none. */
  authorization: string;
  contentType: string;
  body: Buffer;
}

/** What an API answers. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** An answer with a JSON body. */
export function json(status: number, value: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** An answer with an HTML page. */
export function html(status: number, page: string): Answer {
  return { status, headers: { "content-type": "text/html; charset=UTF-8" }, body: page };
}

/** The token of `Authorization: Bearer …`; empty when there is none. */
export function bearerToken({ authorization }: Pick<ApiRequest, "authorization">): string {
  return /^Bearer (.+)$/.exec(authorization)?.[1] ?? "";
}
