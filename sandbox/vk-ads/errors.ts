import { html, json, type Answer } from "../http";

/** An error of the newer API: codes about access stand at the top, all others in `error`. */
export function v2Error(status: number, code: string, message = code): Answer {
  return json(status, status === 401 || status === 403 ? { code, message } : { error: { code, message } });
}

/** An error of the legacy API: always with HTTP 200, unless a fault says otherwise. */
export function legacyError(code: number | string, message: string, status = 200): Answer {
  return json(status, { error: { error_code: code, error_msg: message } });
}

/** A request that the newer API refuses; it becomes HTTP 400. */
export class BadRequest extends Error {}

/** A request that the legacy API refuses, with its code. */
export class LegacyRefusal extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

const v2Codes: Record<number, string> = {
  400: "validation_failed",
  401: "invalid_token",
  403: "access_denied",
  404: "not_found",
  405: "method_not_allowed",
  414: "uri_too_long",
  429: "rate_limit_exceeded",
};

const LEGACY_INTERNAL = 10;

/** An error answer of any status, in the shape of the API that was asked. */
export function errorAnswer(isLegacy: boolean, status: number, body: "json" | "html"): Answer {
  if (body === "html") return html(status, `<!DOCTYPE html><title>${status}</title>`);
  if (isLegacy) return legacyError(LEGACY_INTERNAL, "Internal server error", status);
  return v2Error(status, v2Codes[status] ?? "internal_error");
}
