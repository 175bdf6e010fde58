import type { ApiRequest } from "../http";

/** The body as a form; empty when it is not declared as one. */
export function formOf({ contentType, body }: Pick<ApiRequest, "contentType" | "body">): URLSearchParams {
  return new URLSearchParams(
    /^application\/x-www-form-urlencoded\b/i.test(contentType) ? body.toString() : "",
  );
}
