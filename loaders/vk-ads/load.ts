import { setImmediate } from "node:timers/promises";
import { readAliases } from "../core/cities";
import { daysBefore, type Days } from "../core/days";
import { ExpectedError, StoppedError } from "../core/errors";
import { TableWriter } from "../core/writer";
import { writeWatermarks } from "../core/watermarks";
import type { RunContext } from "../pipeline/context";
import type { DataSetReport, DataSets } from "../pipeline/data-sets";
import { checkErrorRatio } from "../pipeline/error-ratio";
import { increment, type Counters, type Found } from "../pipeline/found";
import type { Account } from "./accounts";
import type { AdapterInput, VkAdapter } from "./adapter";
import { LegacyAdapter } from "./legacy/adapter";
import { nextVersion, publish } from "./publish";
import type { Ad, DailyStat } from "./records";
import { adColumns, STAGING_COLUMNS, stagingRow, type AdColumns } from "./rows";
import type { Settings } from "./settings";
import { V2Adapter } from "./v2/adapter";
import { splitDays } from "./windows";

/** What a run reads. */
export interface Asked {
  days: Days;
  accounts: readonly Account[];
  /** Ids of the campaigns that are loaded; undefined: all. */
  campaigns?: ReadonlySet<string>;
  /** The watermark moves: the days are the usual ones. */
  advances: boolean;
}

/** One run of VK Ads. */
export interface VkRun extends RunContext {
  settings: Settings;
}

/** Turns of the event loop after which a request is surely under way. */
const TURNS = 3;

/** After so many parts of an account that failed one after another, the rest is not tried. */
const FAILURES_IN_A_ROW = 3;

/**
 * Reads the accounts one after another into staging, then derives the fact, then moves the watermark. An account that
 * fails, or a part of one, makes the run partial; only when none could be loaded it has failed.
 * @returns what the journal's metrics get besides
 */
export async function load(run: VkRun, dataSets: DataSets, asked: Asked): Promise<Record<string, unknown>> {
  const { database, log, runId, stopwatch, settings } = run;
  const aliases = await readAliases(database);
  const version = await nextVersion(database, run.startedAt);
  const writer = new TableWriter({
    database,
    log,
    table: "stg_vk_ads_daily",
    columns: STAGING_COLUMNS,
    blockPrefix: runId,
    stopwatch,
  });
  let requests = 0;
  const failed: string[] = [];
  for (const account of asked.accounts) {
    const name = `account ${account.account}`;
    const found = await dataSets.optional(name, async (report) => {
      const adapter = openAdapter({ run, settings, account, report });
      try {
        return await new AccountLoad(run, adapter, { account, asked, aliases, version, writer }).load(report);
      } finally {
        requests += adapter.requests;
        await adapter.close();
      }
    });
    if (found === undefined) failed.push(name);
  }
  const written = await writer.finish();
  dataSets.add({ written });
  if (failed.length === asked.accounts.length && written === 0) {
    const reasons = dataSets.total.incomplete.map(({ dataSet, reason }) => `${dataSet}: ${reason}`);
    throw new ExpectedError(`No account of VK Ads could be loaded. ${reasons.join(" ")}`);
  }
  dataSets.add(await stopwatch.wait("recompute", publish(run)));
  if (asked.advances && dataSets.total.incomplete.length === 0) {
    const watermark = { stream: "statistics", type: "date", value: asked.days.to } as const;
    await writeWatermarks(database, run.job, runId, run.startedAt, [watermark]);
  }
  const { from, to } = asked.days;
  return { from, to, requests, accounts: asked.accounts.length, accounts_failed: failed.length };
}

function openAdapter({ account, ...rest }: AdapterInput): VkAdapter {
  return account.api === "legacy"
    ? new LegacyAdapter({ ...rest, account })
    : new V2Adapter({ ...rest, account });
}

interface AccountLoadInput {
  account: Account;
  asked: Asked;
  aliases: ReadonlyMap<string, string>;
  version: number;
  writer: TableWriter;
}

/** What is asked for at once. */
interface Part {
  ids: readonly string[];
  days: Days;
}

/** One account: its ads, then their statistics in parts of some ads and some days. */
class AccountLoad {
  private readonly columns = new Map<string, AdColumns>();
  private readonly counters: Counters = {};
  private readonly reasonsBefore: Counters;
  private failuresInARow = 0;
  private loaded = 0;
  private readonly missing: string[] = [];
  /** Why the last part that is missing could not be loaded. */
  private failure: ExpectedError | undefined;

  constructor(
    private readonly run: VkRun,
    private readonly adapter: VkAdapter,
    private readonly input: AccountLoadInput,
  ) {
    this.reasonsBefore = run.quarantine.reasons;
  }

  async load(report: DataSetReport): Promise<Found> {
    const { asked, account } = this.input;
    const { settings, startedAt } = this.run;
    if (asked.days.to === daysBefore(startedAt, 0)) report.note("today, which is not over");
    const ads = await this.adapter.ads();
    const wanted = [...ads.values()].filter(({ campaignId }) => asked.campaigns?.has(campaignId) ?? true);
    // In a fixed order, so that the parts are the same in every run.
    const ids = wanted.map(({ id }) => id).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    increment(this.counters, "ads", ids.length);
    const size = this.adapter.idsPerRequest;
    const parts = splitDays(asked.days, settings.VK_DAYS_PER_REQUEST).flatMap((days) =>
      Array.from({ length: Math.ceil(ids.length / size) }, (_, at): Part => {
        return { ids: ids.slice(at * size, (at + 1) * size), days };
      }),
    );
    try {
      await this.loadParts(parts, ads, report);
    } finally {
      // An account of which nothing was loaded is left out as a whole.
      if (this.loaded > 0) this.missing.forEach(report.incomplete);
    }
    if (this.failure !== undefined && this.loaded === 0) throw this.failure;
    const { stat_rows: rows = 0, unknown_ads: unknown = 0 } = this.counters;
    const name = `account ${account.account}`;
    const reasons = this.reasonsOf(name);
    const rejected = Object.values(reasons).reduce((sum, times) => sum + times, 0);
    checkErrorRatio({
      name,
      seen: rows + rejected,
      bad: rejected,
      allowed: settings.VK_QUARANTINE_MAX_SHARE,
      setting: "VK_QUARANTINE_MAX_SHARE",
      quarantine: { reasons },
    });
    if (rejected > 0) report.incomplete(`${rejected} rows could not be read and were put aside`);
    if (unknown > 0)
      report.incomplete(`${unknown} rows are of ads that no list has; they count without campaign and city`);
    return { counters: this.counters };
  }

  /** Rows of this account that were put aside, by reason, as rows of `name`. */
  private reasonsOf(name: string): Record<string, number> {
    const more = Object.entries(this.run.quarantine.reasons).map(
      ([reason, times]) => [`${name}: ${reason}`, times - (this.reasonsBefore[reason] ?? 0)] as const,
    );
    return Object.fromEntries(more.filter(([, times]) => times > 0));
  }

  /** Each part is asked for while the one before it becomes rows. */
  private async loadParts(
    parts: readonly Part[],
    ads: ReadonlyMap<string, Ad>,
    report: DataSetReport,
  ): Promise<void> {
    const ask = (index: number) => {
      const part = parts[index];
      const asked = part && this.askPart(part, `part ${index + 1} of ${parts.length}`);
      // Whoever waits for it is told; a failure before that leaves it alone.
      asked?.catch(() => undefined);
      return asked;
    };
    let asked = ask(0);
    for (const [index, { days }] of parts.entries()) {
      const stats = await asked;
      asked = ask(index + 1);
      // Lets the request go before the work begins: undici looks at an idle connection for two turns of the event loop.
      for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
      if (stats !== undefined) await this.writePart(stats, days, ads, report);
    }
  }

  /** The statistics of a part; undefined for one that is left out. Throws when nothing more may be asked for the account. */
  private async askPart({ ids, days }: Part, name: string): Promise<DailyStat[] | undefined> {
    const { clock, log } = this.run;
    const began = clock.now();
    try {
      const stats = await this.adapter.statistics(ids, days);
      this.failuresInARow = 0;
      this.loaded += 1;
      log.info(`Read ${name} of account ${this.input.account.account}`, {
        ads: ids.length,
        rows: stats.length,
        seconds: (clock.now() - began) / 1000,
      });
      return stats;
    } catch (error) {
      this.failuresInARow += 1;
      const isFinal = this.adapter.isFinal(error) || this.failuresInARow >= FAILURES_IN_A_ROW;
      if (!(error instanceof ExpectedError) || error instanceof StoppedError || isFinal) throw error;
      this.failure = error;
      const what = `${ids.length} ads from ${days.from} to ${days.to}`;
      this.missing.push(`${name} is missing, ${what}: ${error.message}`);
      return undefined;
    }
  }

  private async writePart(
    stats: readonly DailyStat[],
    days: Days,
    ads: ReadonlyMap<string, Ad>,
    report: DataSetReport,
  ): Promise<void> {
    report.read(stats.length, 0);
    const rows = stats
      .filter(({ day }) => this.isWanted(day, days))
      .map((stat) => stagingRow(this.columnsOf(stat.adId, ads, report), stat));
    increment(this.counters, "stat_rows", rows.length);
    await this.input.writer.add(rows);
  }

  private isWanted(day: string, { from, to }: Days): boolean {
    const wanted = day >= from && day <= to;
    if (!wanted)
      this.run.quarantine.add(`account ${this.input.account.account}`, null, "day that was not asked for");
    return wanted;
  }

  private columnsOf(adId: string, ads: ReadonlyMap<string, Ad>, report: DataSetReport): AdColumns {
    const ad = ads.get(adId);
    if (ad === undefined || ad.campaignId === "") increment(this.counters, "unknown_ads");
    let known = this.columns.get(adId);
    if (known === undefined) {
      const { account, aliases, version } = this.input;
      known = adColumns({ account: account.account, adId, ad, aliases, version });
      this.columns.set(adId, known);
      if (!known.knownCity) report.note("unknown cities");
      increment(this.counters, known.columns.utm_parse_ok ? "ads_with_city" : "ads_without_city");
    }
    return known;
  }
}
