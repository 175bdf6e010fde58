import { EXIT } from "../exit-codes";

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
