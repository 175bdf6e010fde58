import type { IncomingHttpHeaders } from "node:http";
import type { Command } from "commander";
import { EXIT } from "../../exit-codes";
import { ApiError } from "../core/api-error";
import { ExpectedError, StoppedError, UsageError } from "../core/errors";
import type { Log } from "../core/log";
import { FIXTURE_DAY } from "./fixture";
import type { ErrandContext } from "./program";

/**
 * A probe meets a live vendor for the first time: a few requests that read, and questions that are judged by what came back.
 * Both are data of the source. Evidence is counts, statuses, names of headers; never a value of the vendor's.
 */

/** What a question is judged to be. */
export interface Verdict {
  answer: "yes" | "no";
  evidence: string;
}

/** Why something is not known. Thrown by what asks, a request is not sent; thrown by what judges, a question stays open. */
export class Unknown extends Error {
  override readonly name = "Unknown";
}

/** One request. Those after it may be made of what it brought. */
export interface ProbeCall<Name extends string> {
  /** The request, for people. */
  says: string;
  /** Sends it, and answers the parsed body. Throws `Unknown` where there is no reason to. */
  send: (seen: Seen<Name>) => Promise<unknown>;
}

/** The requests of a probe, in the order in which they are sent. */
export type ProbeCalls<Name extends string> = Readonly<Record<Name, ProbeCall<Name>>>;

export interface ProbeQuestion<Name extends string> {
  id: string;
  question: string;
  /** The requests that it is judged by; none for what is not asked. */
  by: readonly Name[];
  /** Throws `Unknown` where what was seen does not tell. */
  judge: (seen: Seen<Name>) => Verdict;
}

/** A question with its answer. */
export interface ProbeAnswer {
  id: string;
  question: string;
  asked: readonly string[];
  answer: Verdict["answer"] | "unknown";
  evidence: string;
}

/** What one round of questions found: of a vendor, or of one of several accounts. */
export interface ProbePart {
  name: string;
  answers: readonly ProbeAnswer[];
  /** Requests that were sent, repeated ones included. */
  sent: number;
  /** Why the vendor is not reached, or the token not taken. */
  failure?: ExpectedError;
  /** Anonymised answers. */
  fixture: unknown;
}

/** What a probe prints, as one JSON object. */
export interface ProbeReport {
  job: string;
  title: string;
  /** `planned`: without those that are repeated as they failed. */
  requests: { planned: number; sent: number };
  parts: readonly Pick<ProbePart, "name" | "answers">[];
  /** Where it was asked for. */
  fixture?: unknown;
}

/** Flags of a program that has a probe. */
export interface ProbeFlags {
  probe: boolean;
  withFixture: boolean;
}

/** Adds them to a command line. */
export function withProbeFlags(command: Command): Command {
  return command
    .option("--probe", "ask the vendor a few questions, print the answers as JSON, write nothing, end", false)
    .option("--with-fixture", "with --probe: print anonymised answers of the vendor too", false);
}

/** Words in which every vendor writes its errors; other names of fields are not shown. */
const ERROR_WORDS = ["error", "errors", "status", "code", "message", "info", "error_code", "error_msg"];

interface Failed {
  error: ExpectedError;
  /** Names in the error's body. */
  words: readonly string[];
}

type Outcome = { body: unknown } | Failed | { skipped: string };

/** Who is told of every answer. */
export interface Observer {
  noteAnswer(headers: IncomingHttpHeaders, status: number): void;
  /** Told the parsed body too, where there is one. */
  noteBody(body: unknown): void;
}

/** How a request failed. */
export interface SeenFailure {
  error: ExpectedError;
  status: number | null;
  code: string | null;
  /** In a few words without content. */
  facts: string;
}

/** What came back so far. */
export class Seen<Name extends string> implements Observer {
  /** Names of headers that speak of limits. */
  readonly limitHeaders = new Set<string>();
  /** Answers of any status, and those that said "too many requests". */
  answers = 0;
  refusedByLimit = 0;
  private readonly outcomes = new Map<Name, Outcome>();
  private words: readonly string[] = [];

  noteAnswer(headers: IncomingHttpHeaders, status: number): void {
    this.answers += 1;
    if (status === 429) this.refusedByLimit += 1;
    for (const name of Object.keys(headers)) {
      if (/^(?:x-)?rate-?limit[a-z-]{0,40}$|^retry-after$/.test(name)) this.limitHeaders.add(name);
    }
  }

  noteBody(body: unknown): void {
    const names = typeof body === "object" && body !== null ? Object.keys(body) : [];
    this.words = ERROR_WORDS.filter((word) => names.includes(word));
  }

  put(name: Name, body: unknown): void {
    this.outcomes.set(name, { body });
  }

  skip(name: Name, reason: string): void {
    this.outcomes.set(name, { skipped: reason.replace(/^not asked: /, "") });
  }

  fail(name: Name, error: ExpectedError): void {
    this.outcomes.set(name, { error, words: this.words });
  }

  /** Before the next request. */
  forgetBody(): void {
    this.words = [];
  }

  /** The body of an answer. Throws `Unknown` when there is none. */
  body(name: Name): unknown {
    const outcome = this.outcomes.get(name);
    if (outcome === undefined) throw new Unknown("not asked");
    if ("skipped" in outcome) throw new Unknown(`not asked: ${outcome.skipped}`);
    if ("error" in outcome) throw new Unknown(factsOf(outcome));
    return outcome.body;
  }

  /** How a request failed; undefined when it did not. Throws `Unknown` when it was not sent. */
  failure(name: Name): SeenFailure | undefined {
    const outcome = this.outcomes.get(name);
    if (outcome === undefined || "body" in outcome) return undefined;
    if ("skipped" in outcome) throw new Unknown(`not asked: ${outcome.skipped}`);
    const { error } = outcome;
    return { error, ...toldBy(error), facts: factsOf(outcome) };
  }

  /** Those of the requests that were answered. */
  answered(names: readonly Name[]): Partial<Record<Name, unknown>> {
    const found = names.flatMap((name) => {
      const outcome = this.outcomes.get(name);
      return outcome !== undefined && "body" in outcome ? [[name, outcome.body] as const] : [];
    });
    return Object.fromEntries(found) as Partial<Record<Name, unknown>>;
  }
}

/** Status and code of an answer that is, or has led to, a failure. */
function toldBy({ details }: ExpectedError): { status: number | null; code: string | null } {
  const { status, code } = details;
  return {
    status: typeof status === "number" ? status : null,
    code: typeof code === "string" ? code : null,
  };
}

/** A failure in a few words without content. */
function factsOf({ error, words }: Failed): string {
  const { status, code } = toldBy(error);
  if (status === null) return code ?? (error instanceof ApiError ? "no answer" : "given up");
  const facts = [`HTTP ${status}${status === 200 && code === null ? " without a usable answer" : ""}`];
  if (code !== null) facts.push(`code ${code}`);
  if (words.length > 0) facts.push(`JSON with ${words.join(", ")}`);
  return facts.join(", ");
}

/** After so many failures one after another nothing more is asked. */
const FAILURES_IN_A_ROW = 3;

/**
 * Sends the requests, one after another. Nothing more is asked when the first one fails, when a request is given up (a limit,
 * no time left), or when several fail in a row.
 * @returns why the first one failed: the vendor is not reached, or does not take the token
 * @throws StoppedError, and what nobody expects
 */
export async function askAll<Name extends string>(
  calls: ProbeCalls<Name>,
  seen: Seen<Name>,
  log: Pick<Log, "warning">,
): Promise<ExpectedError | undefined> {
  let stopped: string | undefined;
  let failuresInARow = 0;
  let failure: ExpectedError | undefined;
  for (const [index, name] of (Object.keys(calls) as Name[]).entries()) {
    if (stopped !== undefined) {
      seen.skip(name, stopped);
      continue;
    }
    seen.forgetBody();
    try {
      seen.put(name, await calls[name].send(seen));
      failuresInARow = 0;
    } catch (error) {
      if (error instanceof Unknown) {
        seen.skip(name, error.message);
        continue;
      }
      if (!(error instanceof ExpectedError) || error instanceof StoppedError) throw error;
      seen.fail(name, error);
      failuresInARow += 1;
      if (index === 0) failure = error;
      else if (!(error instanceof ApiError)) log.warning(error.message);
      const isLast = index === 0 || !(error instanceof ApiError) || failuresInARow >= FAILURES_IN_A_ROW;
      if (isLast) stopped = "requests before it failed";
    }
  }
  return failure;
}

/** The answers, in the order of the questions. */
export function judgeAll<Name extends string>(
  calls: ProbeCalls<Name>,
  questions: readonly ProbeQuestion<Name>[],
  seen: Seen<Name>,
): ProbeAnswer[] {
  return questions.map(({ id, question, by, judge }) => {
    const asked = by.map((name) => calls[name].says);
    try {
      return { id, question, asked, ...judge(seen) };
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      return { id, question, asked, answer: "unknown", evidence: error.message };
    }
  });
}

/** What a source's probe is run with. */
export interface Probe {
  job: string;
  title: string;
  /** Requests that are sent at the most, those that are repeated left out. */
  planned: number;
  /** How fast, for people. */
  pace: string;
  run: (context: ErrandContext) => Promise<readonly ProbePart[]>;
}

/**
 * The probe as an errand: says how many requests it will send, sends them, prints the report on standard output.
 * @returns the exit code: 0 when the vendor is reached and takes every token, 3 when it takes some
 * @throws ExpectedError when it takes none, after the report was printed
 */
export function probeErrand(
  { job, title, planned, pace, run }: Probe,
  { withFixture }: Pick<ProbeFlags, "withFixture">,
): (context: ErrandContext) => Promise<number> {
  return async (context) => {
    const { log } = context;
    log.info(`Probe of ${title}: at most ${planned} requests that only read (${pace}), nothing is written`);
    const parts = await run(context);
    const report: ProbeReport = {
      job,
      title,
      requests: { planned, sent: parts.reduce((sum, { sent }) => sum + sent, 0) },
      parts: parts.map(({ name, answers }) => ({ name, answers })),
      ...(withFixture
        ? {
            fixture: {
              job,
              day: FIXTURE_DAY,
              parts: parts.map(({ name, fixture }) => ({ name, answers: fixture })),
            },
          }
        : {}),
    };
    // The program exits when this is done, and would take with it what a pipe has not taken yet.
    await new Promise<void>((resolve) =>
      process.stdout.write(`${JSON.stringify(report)}\n`, () => resolve()),
    );
    const failures = parts.flatMap(({ failure }) => failure ?? []);
    const [first] = failures;
    if (first === undefined) return EXIT.ok;
    if (failures.length === parts.length) throw first;
    for (const { message } of failures) log.error(message);
    return EXIT.partial;
  };
}

/** Refuses what cannot be: a probe that sends nothing, and a fixture without a probe. Throws `UsageError`. */
export function checkProbeFlags(
  { probe, withFixture, dryRun }: ProbeFlags & { dryRun: boolean },
  settings: { DRY_RUN: boolean },
): void {
  if (withFixture && !probe) throw new UsageError("--with-fixture belongs to --probe");
  if (probe && (dryRun || settings.DRY_RUN)) {
    throw new UsageError("--probe asks the vendor: leave out --dry-run and DRY_RUN=true");
  }
}
