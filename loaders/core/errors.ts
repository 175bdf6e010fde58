/**
 * A mistake that is expected to happen (server down, token refused, disk full): one sentence that names the thing and
 * how to fix it, shown without a stack trace. `details` go into the journal row and never hold secrets or bodies.
 */
export class ExpectedError extends Error {
  override readonly name: string = "ExpectedError";
  constructor(
    message: string,
    readonly details: Record<string, string | number | null> = {},
  ) {
    super(message);
  }
}

/** Wrong arguments or settings: exit code 2. The message may have several lines, one per mistake. */
export class UsageError extends ExpectedError {
  override readonly name = "UsageError";
}

/** Another run of the job holds the lease: exit code 4, and nothing is written. */
export class LockedError extends ExpectedError {
  override readonly name = "LockedError";
}

/** The run was told to stop (signal) or used up its time. */
export class StoppedError extends ExpectedError {
  override readonly name = "StoppedError";
}

/** Class and text of anything thrown, on one line, for a log or a journal row. */
export function describeError(error: unknown): { error_type: string; message: string } {
  if (error instanceof Error) {
    const text = error.message || error.name;
    return { error_type: error.name, message: text.replace(/\s+/g, " ").slice(0, 1000) };
  }
  return { error_type: typeof error, message: String(error).slice(0, 1000) };
}
