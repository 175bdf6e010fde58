import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Clock } from "../../../../loaders/core/clock";
import { addDays } from "../../../../loaders/core/days";
import type { PreparedRun } from "../../../../loaders/pipeline/run";
import { recompute as costs } from "../../../../loaders/vk-ads/recompute";
import { prepare, readAsked } from "../../../../loaders/vk-ads/main";
import { readSettings } from "../../../../loaders/vk-ads/settings";
import { TABLES } from "../../../../loaders/vk-ads/tables";
import { serveVkAccounts, type VkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import {
  history,
  KNOWN,
  OLDEST,
  undisturbed,
  type LoadStep,
  type RecomputeStep,
  type Step,
} from "./property-history";
import { COUNTS, SEED } from "../../../support/soak";
import { ACCOUNTS, LEGACY, Model, moscowDay } from "./property-model";
import { simulate, type Simulated } from "./property-run";
import { fallingVersions, readAll, readLines, writeAliases, writeOthers } from "./property-warehouse";
import { startVkWarehouse, type VkWarehouse } from "./support"; // prettier-ignore

/** Before the end of a month and before midnight in Moscow, so that histories cross both. */
const BEGIN = Date.parse("2031-01-30T23:30:00+03:00");

let warehouse: VkWarehouse;
beforeAll(async () => {
  warehouse = await startVkWarehouse();
  // Some thousand runs in an hour are more than a loader may ask for.
  await warehouse.server.client([], "DROP QUOTA etl_writer_quota");
  // Every row that was ever written can be looked at.
  await warehouse.server.client([], "SYSTEM STOP MERGES");
});
afterAll(() => warehouse?.close());

const statistics = { runs: {} as Record<string, number>, histories: 0, rows: 0 };

/** One history: the vendor and the model, the sandbox that serves it, and the runs. */
class Trial {
  private readonly tokens = mkdtempSync(join(warehouse.folder, "tokens-"));
  private watermark = "";

  private constructor(
    readonly model: Model,
    private readonly sandbox: VkSandbox,
  ) {}

  static async start(): Promise<Trial> {
    await warehouse.reset();
    for (const table of ["fact_qtickets_sales_daily", "fact_qtickets_sales_utm_daily", "fact_direct_daily"]) {
      await warehouse.sql(`TRUNCATE TABLE zakaz.${table}`);
    }
    const model = new Model(BEGIN);
    await writeAliases(warehouse, model);
    return new Trial(model, await serveVkAccounts(model.store, { now: () => model.now }));
  }

  async close(): Promise<void> {
    rmSync(this.tokens, { recursive: true });
    await this.sandbox.close();
  }

  async apply(step: Step): Promise<void> {
    if (step.do === "load") await this.load(step);
    else if (step.do === "recompute") await this.recompute(step);
    else {
      this.model.apply(step);
      if (step.do === "alias") await writeAliases(warehouse, this.model);
    }
  }

  private get clock(): Clock {
    return { now: () => this.model.now, sleep: () => Promise.resolve(), random: () => 0.5 };
  }

  private settings(more: Record<string, string>) {
    const { url, clients } = this.sandbox;
    const [v2, , , legacy] = clients as [VkSandbox["clients"][0], unknown, unknown, VkSandbox["clients"][0]];
    return readSettings(warehouse.settings({ url, clients: [v2, legacy] }, { VK_TOKEN_DIR: this.tokens, ...more })); // prettier-ignore
  }

  private days(step: { days: LoadStep["days"] }): { from?: string; to?: string } {
    const today = moscowDay(this.model.now);
    if (step.days === null) return {};
    if (step.days === "whole") return { from: this.model.day(OLDEST), to: today };
    const to = this.model.day(step.days.from);
    return { from: addDays(to, 1 - step.days.length), to: to < today ? to : today };
  }

  /** A load, compared with what the vendor says at this time. */
  async load(step: LoadStep): Promise<Simulated> {
    const { model, sandbox } = this;
    const settings = this.settings({
      VK_IDS_PER_REQUEST: String(step.idsPerRequest),
      VK_DAYS_PER_REQUEST: String(step.daysPerRequest),
      VK_DAYS_BACK: "5",
      VK_MAX_ATTEMPTS: "2",
    });
    const account = step.account === null ? undefined : ACCOUNTS[step.account % ACCOUNTS.length];
    const campaign = step.campaign === null ? undefined : model.campaign(step.campaign);
    const flags = {
      ...this.days(step),
      ...(account === undefined ? {} : { accounts: account }),
      ...(campaign === undefined ? {} : { campaigns: campaign }),
    };
    // Days that begin after a clock that went back are refused before a run begins.
    if (flags.from !== undefined && flags.to !== undefined && flags.from > flags.to) return this.nothing();
    const asked = readAsked(flags, settings, model.now);
    sandbox.faults.set(...(step.fault === null ? [] : [step.fault]));
    const run = await simulate(prepare(settings, asked), settings, { clock: this.clock, crash: step.crash });
    sandbox.faults.clear();
    const truth = model.truth(asked.accounts.map((one) => one.account), asked.days, campaign); // prettier-ignore
    const written = run.inserted.flatMap(({ rows }) => rows);
    const { known, unknown } = model.take(written);
    if (run.outcome === "ok") expect(known, "an ok run writes all that the vendor says").toEqual(truth);
    expect(known.filter((line) => !truth.includes(line)), "no run writes what the vendor does not say").toEqual([]); // prettier-ignore
    if (unknown > 0) expect(run.outcome, "an ad of no list").not.toBe("ok");
    await this.checkRun(run, "vk_ads");
    const reached = run.outcome === "ok" || run.outcome === "partial";
    if (reached)
      expect(await readLines(warehouse, "fact"), "the fact after a run").toEqual(model.expected().fact);
    const watermark = await this.readWatermark();
    expect(watermark >= this.watermark, `the watermark ${this.watermark} went back to ${watermark}`).toBe(
      true,
    );
    if (watermark !== this.watermark) expect(watermark).toBe(addDays(moscowDay(model.now), -1));
    if (run.outcome === "partial") expect(watermark, "a partial run moves no watermark").toBe(this.watermark);
    this.watermark = watermark;
    return run;
  }

  private nothing(): Simulated {
    return { runId: "", outcome: "error", inserted: [], statements: [], struck: false };
  }

  async recompute(step: RecomputeStep): Promise<Simulated> {
    const { from = "", to = "" } = this.days(step);
    if (from > to) return this.nothing();
    const prepared: PreparedRun = {
      job: "recompute",
      seconds: 600,
      secondsSetting: "",
      tables: TABLES,
      counters: [],
      rehearse: () => ({ figures: [] }),
      load: async (context, dataSets) => {
        await dataSets.required("costs", () => costs.run(context, { from, to }));
        return {};
      },
    };
    const run = await simulate(prepared, this.settings({}), { clock: this.clock, crash: step.crash });
    if (run.statements.some((sql) => sql.includes("AS canonical"))) this.model.recompute({ from, to });
    await this.checkRun(run, "recompute");
    if (run.outcome === "ok") {
      // Without a spelling there is nothing to recompute.
      this.model.recompute({ from, to });
      expect(await readLines(warehouse, "fact"), "the fact after a recompute").toEqual(
        this.model.expected().fact,
      );
    }
    return run;
  }

  /** One journal row per run that was not killed. */
  private async checkRun(run: Simulated, job: string): Promise<void> {
    statistics.runs[`${job} ${run.outcome}`] = (statistics.runs[`${job} ${run.outcome}`] ?? 0) + 1;
    const [row] = await warehouse.sql<{ rows: number }>(
      `SELECT toUInt32(count()) AS rows FROM zakaz.meta_job_runs WHERE run_id = '${run.runId}' AND job = '${job}' SETTINGS final = 0`,
    );
    // The statement that went wrong may be that of the journal row.
    const isSure = run.outcome !== "dead" && !run.struck;
    if (isSure) expect(row?.rows, "journal rows of a run").toBe(1);
    else expect(row?.rows, "journal rows of a run").toBeLessThanOrEqual(1);
  }

  private async readWatermark(): Promise<string> {
    const rows = await warehouse.sql<{ value: string }>(
      "SELECT wm_value AS value FROM meta.watermarks FINAL WHERE source = 'vk_ads' AND stream = 'statistics'",
    );
    return rows[0]?.value ?? "";
  }
}

test("whatever happens to ads and runs, one undisturbed run makes every table and view what was last seen", async () => {
  const started = Date.now();
  expect(LEGACY).toBe(ACCOUNTS[1]);
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const trial = await Trial.start();
      try {
        for (const step of steps) await trial.apply(step);
        await writeOthers(warehouse, trial.model);
        expect((await trial.load(undisturbed)).outcome).toBe("ok");
        const expected = trial.model.expected();
        expect(await readAll(warehouse, 0)).toEqual(expected);
        expect(await readAll(warehouse, 1)).toEqual(expected);
        const { journal } = await trial.load(undisturbed);
        expect(journal?.metrics, "a second run").toMatchObject({ fact_rows: 0, withdrawn_rows: 0 });
        expect(await fallingVersions(warehouse)).toEqual([]);
        statistics.histories += 1;
        statistics.rows += expected.fact.length;
      } finally {
        await trial.close();
      }
    }),
    {
      numRuns: COUNTS.adHistories,
      examples: KNOWN.map((steps): [Step[]] => [[...steps]]),
      includeErrorInReport: true,
    },
  );
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(
    `vk property: seed ${SEED}, ${statistics.histories} histories, ${statistics.rows} rows of facts, runs ${JSON.stringify(statistics.runs)}, ${seconds} s\n`,
  );
  expect(statistics.histories).toBe(COUNTS.adHistories);
  expect(COUNTS.adHistories).toBeGreaterThan(KNOWN.length);
}, 3_700_000);
