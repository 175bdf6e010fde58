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

/** The server does not answer: it is stopped, starting, or not reachable from here. */
export class Unreachable extends Failure {
  constructor(
    message: string,
    /** What the network or whoever answers instead says. */
    readonly reason = "",
    options?: ErrorOptions,
  ) {
    super(message, EXIT.error, options);
  }
}

/** A statement that ClickHouse refused. */
export class StatementFailure extends Failure {
  constructor(
    /** ClickHouse's code, e.g. 497. */
    readonly code: number,
    /** ClickHouse's name of the code, e.g. ACCESS_DENIED. */
    readonly type: string,
    /** What ClickHouse says; it may quote the statement and its data. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`ClickHouse says ${code} ${type}: ${reason}`, EXIT.error, options);
  }

  /** The reason on one line, without what may quote the statement or its data. */
  get gist(): string {
    const line = this.reason.replace(/\s+/g, " ");
    return line.split(/\. \(|: While |:? [Ii]n scope |: \(at row |\. Stack trace|\.$/)[0] ?? "";
  }
}
