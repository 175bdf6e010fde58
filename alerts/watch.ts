import type { Clock } from "../loaders/core/clock";
import { describeError } from "../loaders/core/errors";
import type { Log } from "../loaders/core/log";
import type { Warehouse } from "../warehouse/client";
import { StatementFailure, Unreachable } from "../warehouse/failure";
import { AUTHENTICATION_FAILED } from "../warehouse/login";
import { asMonitor } from "../warehouse/queries";
import type { Send } from "./channels/send";
import { advance, keyOf, type Book } from "./incidents";
import { readBook, rowOf, writeRows } from "./journal";
import { Judge } from "./judge";
import { messageOf } from "./messages";
import { deliver, post } from "./outbox";
import { rules } from "./rules";
import type { AlerterSettings } from "./settings";
import type { AlertState, StateFile } from "./state";

/** A server that is asked for nothing answers sooner than this. */
const PING_TIMEOUT_MS = 10_000;

export interface WatchOptions {
  settings: AlerterSettings;
  warehouse: Warehouse;
  channels: ReadonlyMap<string, Send>;
  file: Pick<StateFile, "read" | "write">;
  clock: Clock;
  log: Log;
}

/** The alerts from one round to the next. */
export class Watch {
  private state: AlertState;
  private readonly judge: Judge;

  constructor(private readonly options: WatchOptions) {
    this.state = options.file.read();
    this.judge = new Judge(rules, options.settings.settings.rules);
  }

  /**
   * One round: asks the rules, notes what begins and ends, writes it down, sends it. What is to be told is kept before the first
   * try to tell it: a process that is killed tells it after its next start, in rare cases twice.
   */
  async round(): Promise<void> {
    const { settings, warehouse, channels, clock, log } = this.options;
    const now = clock.now();
    const silence = await this.silence();
    if (silence === undefined && !this.state.restored) await this.restore();
    this.watchSchedules(now);

    const { troubles, isJudged, unanswered } = await this.judge.judge({
      now,
      warehouse,
      sources: settings.sources,
      schedules: settings.schedules,
      watchedSince: Object.fromEntries(
        Object.entries(this.state.watched).map(([job, { since }]) => [job, since]),
      ),
      silence,
      channels: Object.entries(this.state.outbox.failing).map(([name, one]) => ({ name, ...one })),
    });
    if (unanswered.length > 0)
      log.warning(`ClickHouse went away while it was asked: ${unanswered.join(", ")}`);

    const { book, events } = advance(this.state.book, troubles, {
      now,
      cooldownMs: settings.settings.cooldownMinutes * 60_000,
      isJudged,
    });
    for (const { kind, incident } of events) log.info(`${kind}: ${keyOf(incident)}: ${incident.sentence}`);
    const messages = events.map((event) => messageOf(settings.stack, event));
    this.save({
      book,
      rows: [...this.state.rows, ...events.map(rowOf)],
      outbox: post(this.state.outbox, messages, channels.keys(), now),
    });
    if (silence === undefined) await this.writeDown();
    await deliver(this.state.outbox, { channels, clock, log, onChange: (outbox) => this.save({ outbox }) });
  }

  /** Why the server does not serve; undefined: it does. */
  private async silence(): Promise<string | undefined> {
    try {
      const asked = this.options.warehouse.text(asMonitor`SELECT 1`);
      asked.catch(() => undefined);
      const late = new AbortController();
      const answer = await Promise.race([
        asked,
        this.options.clock.sleep(PING_TIMEOUT_MS, late.signal).then(() => undefined),
      ]).finally(() => late.abort());
      return answer === undefined ? "gives no answer in time" : undefined;
    } catch (error) {
      if (error instanceof StatementFailure) {
        return error.code === AUTHENTICATION_FAILED
          ? `does not let zakaz_monitor in (code ${error.code})`
          : `refuses every question (code ${error.code})`;
      }
      if (error instanceof Unreachable) return "does not answer";
      throw error;
    }
  }

  /** After a start without a state: what the table knows counts, what was found since then comes second. */
  private async restore(): Promise<void> {
    const { warehouse, log } = this.options;
    try {
      const kept = await readBook(warehouse);
      const known = new Set(kept.incidents.map(keyOf));
      const { incidents, lastAlerts } = this.state.book;
      const book: Book = {
        incidents: [...kept.incidents, ...incidents.filter((one) => !known.has(keyOf(one)))],
        lastAlerts: { ...kept.lastAlerts, ...lastAlerts },
      };
      this.save({ book, restored: true });
      if (kept.incidents.length > 0)
        log.info(`${kept.incidents.length} open incidents are known to meta.etl_alerts`);
    } catch (error) {
      if (!(error instanceof StatementFailure || error instanceof Unreachable)) throw error;
      log.warning(`meta.etl_alerts cannot be read yet: ${shortly(error)}`);
    }
  }

  private watchSchedules(now: number): void {
    const watched = Object.fromEntries(
      this.options.settings.schedules.map(({ job, timetable }) => {
        const known = this.state.watched[job];
        const goesOn = known !== undefined && known.timetable === timetable && known.since <= now;
        return [job, goesOn ? known : { timetable, since: now }];
      }),
    );
    if (JSON.stringify(watched) !== JSON.stringify(this.state.watched)) this.save({ watched });
  }

  private async writeDown(): Promise<void> {
    const { warehouse, log } = this.options;
    while (this.state.rows.length > 0) {
      const [first, ...rest] = this.state.rows;
      try {
        await writeRows(warehouse, [first!]);
      } catch (error) {
        if (!(error instanceof StatementFailure || error instanceof Unreachable)) throw error;
        log.warning(`meta.etl_alerts takes no row, it is tried again in the next round: ${shortly(error)}`);
        return;
      }
      this.save({ rows: rest });
    }
  }

  /** Keeps what has changed. A full disk must not silence what tells of it. */
  private save(change: Partial<AlertState>): void {
    this.state = { ...this.state, ...change };
    try {
      this.options.file.write(this.state);
    } catch (error) {
      this.options.log.error(`The state of the alerts cannot be kept: ${describeError(error).message}`);
    }
  }
}

function shortly(error: StatementFailure | Unreachable): string {
  return error instanceof StatementFailure ? `code ${error.code} ${error.type}` : "no answer";
}
