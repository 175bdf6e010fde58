/** Exit codes of every command (the loader has the same). */
export const EXIT = { ok: 0, error: 1, usage: 2, partial: 3, locked: 4 } as const;

/** An expected failure: its message is one sentence for a person and needs no stack. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.error,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
