import { ExpectedError } from "./errors";

/** A failed answer of an API, without its content. `status` is null when there was no answer. */
export class ApiError extends ExpectedError {
  override readonly name = "ApiError";
  constructor(
    message: string,
    readonly status: number | null,
    readonly code: string | null,
    /** Whether the same request may succeed later. */
    readonly transient: boolean,
    readonly retryAfter?: number | undefined,
  ) {
    super(message, { status, code, request_id: null });
  }
}

/** The code of a failure of the socket, the name look-up, TLS or decompression, also where several addresses were tried. */
export function errorCode(error: unknown): string | undefined {
  const candidates = [error, (error as { cause?: unknown } | null)?.cause];
  for (const candidate of candidates) {
    const code = (candidate as { code?: unknown } | null | undefined)?.code;
    if (typeof code === "string") return code;
    const several = (candidate as { errors?: unknown } | null | undefined)?.errors;
    if (Array.isArray(several) && several.length > 0) return errorCode(several[0]);
  }
  return undefined;
}
