import type { IncomingHttpHeaders } from "node:http";

/** Parameters whose values are secrets, in an address and in a form. */
export const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  "access_token",
  "client_secret",
  "refresh_token",
]);

/** A query string, or a body that may be a form, with fixed marks in the place of secrets; all else stays as it is. */
export function maskParameters(text: string): string {
  return text
    .split("&")
    .map((parameter) => {
      const [name = ""] = new URLSearchParams(parameter).keys();
      return SECRET_PARAMETERS.has(name) ? `${name}=[secret]` : parameter;
    })
    .join("&");
}

/** Headers with a fixed mark in the place of the token. */
export function maskHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name === "authorization" ? "Bearer [token]" : String(value),
    ]),
  );
}
