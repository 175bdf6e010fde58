import { Agent, request } from "undici";

/** One query every 20 ms; while several are without an answer the loop leaves a turn out, as a patient client does. */
const PERIOD_MS = 20;
const MOST_IN_FLIGHT = 4;

export interface Figures {
  queries: number;
  /** Queries per second over the whole time. */
  perSecond: number;
  failed: number;
  /** What the failures were, with their counts. */
  reasons: string;
  /** Distinct ClickHouse error codes of the failures; 0 stands for no answer at all. */
  codes: number[];
  /** Distinct codes of failures that began behind the first success. */
  codesAfterFirstSuccess: number[];
  /** From the last answer before the first failure to the first one behind the last failure, in ms; 0 without any. */
  outage: number;
  /** Times of the answers, in ms since the epoch. */
  firstSuccess: number | undefined;
  lastSuccess: number | undefined;
}

interface Turn {
  began: number;
  ended: number;
  /** Undefined: answered. */
  failure: string | undefined;
  code: number;
}

/** A client that asks one query about fifty times a second over kept connections, and remembers every outcome. */
export class QueryLoop {
  private readonly turns: Turn[] = [];
  private readonly agent = new Agent({ connections: MOST_IN_FLIGHT });
  private readonly flying = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private readonly began = Date.now();

  constructor(
    private readonly url: string,
    private readonly user: string,
    private readonly password: string,
    private readonly sql: string,
  ) {
    this.timer = setInterval(() => this.ask(), PERIOD_MS);
  }

  /** Ends the loop and tells what happened. */
  async stop(): Promise<Figures> {
    clearInterval(this.timer);
    const lasted = Date.now() - this.began;
    await Promise.all(this.flying);
    await this.agent.close();
    return figures(this.turns, lasted);
  }

  private ask(): void {
    if (this.flying.size >= MOST_IN_FLIGHT) return;
    const turn: Turn = { began: Date.now(), ended: 0, failure: undefined, code: 0 };
    const flight = this.query(turn).finally(() => {
      turn.ended = Date.now();
      this.turns.push(turn);
      this.flying.delete(flight);
    });
    this.flying.add(flight);
  }

  private async query(turn: Turn): Promise<void> {
    try {
      const { headers, body } = await request(this.url, {
        dispatcher: this.agent,
        method: "POST",
        headers: {
          authorization: `Basic ${Buffer.from(`${this.user}:${this.password}`).toString("base64")}`,
        },
        body: this.sql,
        headersTimeout: 10_000,
        bodyTimeout: 10_000,
      });
      await body.text();
      turn.code = Number(headers["x-clickhouse-exception-code"] ?? 0);
      if (turn.code !== 0) turn.failure = `code ${turn.code}`;
    } catch (error) {
      turn.failure = (error as NodeJS.ErrnoException).code ?? (error as Error).name;
    }
  }
}

function figures(turns: Turn[], lasted: number): Figures {
  const inOrder = [...turns].sort((a, b) => a.ended - b.ended);
  const failures = inOrder.filter((turn) => turn.failure !== undefined);
  const successes = inOrder.filter((turn) => turn.failure === undefined);
  const firstSuccess = successes[0]?.ended;
  const counts = new Map<string, number>();
  for (const { failure } of failures) counts.set(failure!, (counts.get(failure!) ?? 0) + 1);
  const codes = (of: Turn[]) => [...new Set(of.map(({ code }) => code))];

  const whole = { from: failures[0], to: failures.at(-1) };
  const before = successes.filter(({ ended }) => whole.from && ended <= whole.from.ended).at(-1);
  const behind = successes.find(({ ended }) => whole.to && ended >= whole.to.ended);
  return {
    queries: turns.length,
    perSecond: Math.round((turns.length * 1000) / lasted),
    failed: failures.length,
    reasons: [...counts].map(([reason, count]) => `${count} × ${reason}`).join(", "),
    codes: codes(failures),
    codesAfterFirstSuccess: codes(
      failures.filter(({ began }) => firstSuccess !== undefined && began > firstSuccess),
    ),
    outage: before && behind ? behind.ended - before.ended : 0,
    firstSuccess,
    lastSuccess: successes.at(-1)?.ended,
  };
}
