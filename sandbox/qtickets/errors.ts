import { html, json, type Answer } from "../http";

/** Bad or missing token. */
export function forbidden(): Answer {
  return json(403, { error: "Forbidden", status: 403 });
}

/** The API's way of saying that it failed, or that it did not understand. */
export function unknownError(status = 503): Answer {
  return json(status, { error: "Unknown error", status, code: "UNKNOWN_ERROR", info: [] });
}

/** A known route, but no such object; an id that is not a number counts as 0. */
export function notFound(resource: string, id: number): Answer {
  return json(404, {
    error: `Resource "${resource}" not found`,
    status: 404,
    code: "RESOURCE_NOT_FOUND",
    info: { id, resource },
  });
}

/** Parameters that were understood but not accepted. */
export function unprocessable(problem: string): Answer {
  return json(422, { error: problem, status: 422, code: "VALIDATION_ERROR", info: [] });
}

/** The site's page for an unknown address: about 13 KB of HTML. */
export function unknownRoute(): Answer {
  const filler = "<!-- layout of the site -->\n".repeat(460);
  return html(
    404,
    `<!DOCTYPE html>\n<html><head><title>404</title></head><body>Page not found\n${filler}</body></html>`,
  );
}

/** An error answer of any status, in the API's shape for it. */
export function errorAnswer(status: number, body: "json" | "html"): Answer {
  if (body === "html") return { ...unknownRoute(), status };
  if (status === 403) return forbidden();
  if (status === 404) return notFound("Order", 0);
  if (status === 422) return unprocessable("The given data was invalid");
  if (status === 429) return json(429, { error: "Too many requests", status: 429 });
  return unknownError(status);
}
