import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sources } from "../../../loaders/sources";
import type { Step } from "../../../ops/status/next";
import { freshnessOf } from "../../../ops/status/freshness";
import type { Status } from "../../../ops/status/read";
import type { Server } from "../../support/server";
import { typeInto } from "../../support/terminal";
import { RUNNING } from "../../unit/ops/support";
import { Desk } from "./desk";

/**
 * Every state of a stack that an operator meets, on a real server with a real load.
 * Not proved here: that Docker and Pulumi say what the scripts do (test/e2e/stack.test.ts).
 */
let desk: Desk<Server>;
beforeAll(async () => void (desk = await Desk.start()));
afterAll(() => desk?.stop());

async function answer(container = RUNNING): Promise<Status & { next: Step[] }> {
  const { code, stdout, stderr } = await desk.zakaz(["status", "--json"], container);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const secret of [desk.server.adminPassword, ...Object.values(desk.passwords)])
    expect(stdout).not.toContain(secret);
  return JSON.parse(stdout) as Status & { next: Step[] };
}

/** What is typed next, and the word of each table. */
const next = (status: { next: Step[] }) => status.next.map(({ type }) => type);
const words = ({ tables }: Status) =>
  Object.fromEntries(tables.map(({ table, state }) => [table.replace("zakaz.", ""), state]));

/** The screen, with what differs from run to run made alike. */
async function screen(container = RUNNING): Promise<string[]> {
  const { code, stdout, stderr } = await desk.zakaz(["status"], container);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout
    .replaceAll(desk.server.httpUrl, "URL")
    .replace(/\d+\.\d [GMK]iB; .* of .* are free/, "SIZE; FREE")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")
    .replaceAll(/\d+ s( ago)?\b/g, "SECONDS$1")
    .split("\n");
}

const TABLES = [
  "stg_qtickets_api_orders_raw",
  "stg_qtickets_api_inventory_raw",
  "dim_events",
  "fact_qtickets_orders",
  "fact_qtickets_sales_daily",
  "fact_qtickets_sales_utm_daily",
  "fact_qtickets_inventory",
  "fact_qtickets_inventory_latest",
];
const allAre = (state: string, plan = "empty") => ({
  ...Object.fromEntries(TABLES.map((table) => [table, state])),
  plan_sales: plan,
});

describe("zakaz status", () => {
  it("empty: every table, and the load that fills them", async () => {
    const status = await answer();
    expect(status).toMatchObject({
      server: { state: "healthy", why: null, container: "ch-zakaz", version: "25.8.2.1" },
      network: "n",
      loaderImage: "i",
      schema: { state: "declared", revision: { number: 1, name: "first installation" }, differences: [] },
      access: { state: "declared", differences: [] },
      running: [],
      runs: { total: 0, last: [] },
    });
    expect(words(status)).toEqual(allAre("empty"));
    expect(next(status)).toEqual(["npx zakaz load"]);
  });

  it("loading: the run under way, which is not advised again", async () => {
    desk.sandbox.faults.set({ kind: "delay", ms: 3000, route: "/orders", times: 1 });
    const load = desk.load({ LEASE_SECONDS: "30" });
    await expect.poll(() => desk.sandbox.requests.length, { timeout: 30_000 }).toBeGreaterThan(0);
    const status = await answer();
    expect(status.running).toEqual([
      {
        job: "qtickets_api",
        runId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        renewedAt: expect.stringMatching(/^\d{4}-/) as unknown,
      },
    ]);
    expect(next(status)).toEqual(["pulumi preview"]);
    expect((await load).code).toBe(0);
    desk.sandbox.faults.clear();
    expect((await answer()).running).toEqual([]);
  });

  it("by the clock: when the next load is due, and what was missed since its container is there", async () => {
    const schedules = { qtickets_api: { container: "zakaz-schedule-qtickets", at: "*/30 * * * *" } };
    const outputs = JSON.stringify({ ...desk.stack, schedules });
    const shown = async (container = RUNNING) =>
      JSON.parse((await desk.zakaz(["status", "--json"], container, outputs)).stdout) as Status & {
        next: Step[];
      };
    const created = new Date(Date.now() - 4 * 3_600_000).toISOString();
    const status = await shown({ ...RUNNING, created });
    expect(status.schedules).toEqual([
      {
        job: "qtickets_api",
        container: "zakaz-schedule-qtickets",
        state: "healthy",
        at: "*/30 * * * *",
        next: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:(?:00|30):00 Moscow time$/) as unknown,
        due: expect.any(Number) as unknown,
        missed: expect.any(Number) as unknown,
      },
    ]);
    // Of four hours; the one run there was began just now, in a half hour that may be over by now.
    const { due, missed } = status.schedules[0]!;
    expect([7, 8]).toContain(due);
    expect([due, due! - 1]).toContain(missed);
    const { stdout } = await desk.zakaz(["status"], { ...RUNNING, created }, outputs);
    expect(stdout).toMatch(
      /^Next run {3}healthy {2}qtickets_api {2}due \S+ \S+ Moscow time {2}\(\*\/30 \* \* \* \*\) {2}\d of \d missed in the last day$/m,
    );
    expect(next(await shown({ ...RUNNING, health: "unhealthy" }))).toContain(
      "docker logs --tail 20 zakaz-schedule-qtickets",
    );
    expect(next(await shown({ ...RUNNING, status: "exited" }))).toContain(
      "docker start zakaz-schedule-qtickets",
    );
  });

  it("healthy: one screen", async () => {
    const { tables, runs } = await answer();
    const rows = Object.fromEntries(tables.map(({ table, rows }) => [table, rows]));
    // How much there is to load depends on the hour.
    expect(runs.last[0]!.rowsProcessed).toBeGreaterThan(100);
    const table = (name: string, what: string) =>
      `           fresh  ${name.padEnd(30)}  ${`${rows[`zakaz.${name}`]} ${what}`.padEnd(24)}  loaded TIME`;
    expect(await screen()).toEqual([
      "Server     ch-zakaz: healthy, URL, ClickHouse 25.8.2.1, up SECONDS",
      "           tables take SIZE; FREE",
      "Network    n",
      "Loader     i",
      "Sandbox    zakaz-sandbox: running",
      "Schema     as declared, revision 1: first installation",
      "Access     as declared, revision 0",
      `Last run   ok  qtickets_api  began TIME, ended SECONDS ago  ${runs.last[0]!.rowsProcessed} rows`,
      "           meta_job_runs: 1 loader run (times are Moscow's)",
      table("stg_qtickets_api_orders_raw", "order lines").replace("           fresh", "Tables     fresh"),
      table("stg_qtickets_api_inventory_raw", "seat counters"),
      table("dim_events", "events"),
      table("fact_qtickets_orders", "rows"),
      table("fact_qtickets_sales_daily", "sales per day"),
      table("fact_qtickets_sales_utm_daily", "rows"),
      table("fact_qtickets_inventory", "rows"),
      table("fact_qtickets_inventory_latest", "newest inventory"),
      "           empty  plan_sales                      0 days of the sales plan",
      "Backups    none yet: npx zakaz backup makes one",
      "",
      'Query it   curl -u datalens_reader "URL/?query=SELECT%20*%20FROM%20zakaz.v_qtickets_sales_dashboard"',
      '           docker exec -it ch-zakaz clickhouse-client --user=admin --ask-password -q "SHOW TABLES FROM zakaz"',
      "",
      "Next       pulumi preview  # all is well; shows what a change of yours would do",
      "",
    ]);
  });

  it("colours on a terminal only", async () => {
    const { stdout } = await desk.zakaz(["status"]);
    expect(stdout).not.toContain("\u001b");
    const terminal = typeInto(
      "node ops/zakaz.cjs status | cat -v; node ops/zakaz.cjs status >/dev/null",
      desk.environment(),
    );
    await terminal.expect("ch-zakaz: healthy, ");
    expect(await terminal.ended).toBe(0);
    const coloured = typeInto("node ops/zakaz.cjs status", desk.environment());
    await coloured.expect("ch-zakaz: healthy, ");
    expect(await coloured.ended).toBe(0);
    expect(coloured.shown()).toContain("ch-zakaz: \u001b[32mhealthy\u001b[39m, ");
    expect(terminal.shown()).not.toContain("^[[32m");
  });

  it("stale: rows, and no good run for longer than the rhythm of the source", async () => {
    const age = (seconds: number) =>
      desk.byHand(
        `ALTER TABLE zakaz.meta_job_runs UPDATE finished_at = now() - ${seconds} WHERE 1 SETTINGS mutations_sync = 1`,
      );
    await age(2 * 3600 + 60);
    const status = await answer();
    expect(words(status)).toEqual(allAre("stale"));
    expect(next(status)).toEqual(["npx zakaz load"]);
    await age(0);
    expect(words(await answer())).toEqual(allAre("fresh"));
  });

  it("drifted: what differs in schema and access, and which table is broken", async () => {
    await desk.byHand(
      "ALTER TABLE zakaz.fact_qtickets_sales_daily DROP COLUMN orders_count",
      "DROP TABLE zakaz.plan_sales SYNC",
      "REVOKE SELECT ON bi.v_sales_daily FROM role_bi_reader",
      "ALTER USER datalens_reader IDENTIFIED BY 'somebody-elses' HOST IP '127.0.0.1', IP '::1', IP '172.16.0.0/12'",
    );
    const status = await answer();
    expect(status.schema).toMatchObject({
      state: "drifted",
      differences: [
        "zakaz.fact_qtickets_sales_daily: column orders_count missing",
        "zakaz.plan_sales: table missing",
      ],
    });
    expect(status.access).toMatchObject({
      state: "drifted",
      differences: [
        "datalens_reader is refused with its configured password",
        "role_bi_reader lacks SELECT ON bi.v_sales_daily",
      ],
    });
    expect(words(status)).toEqual({ ...allAre("fresh", "broken"), fact_qtickets_sales_daily: "broken" });
    expect(status.tables.filter(({ state }) => state === "broken").map(({ why }) => why)).toEqual([
      "column orders_count missing",
      "code 60 UNKNOWN_TABLE: Unknown table expression identifier 'zakaz.plan_sales'",
    ]);
    expect(next(status)).toEqual(["npx zakaz schema diff", "npx zakaz access diff", "pulumi up"]);
    expect(await screen()).toEqual(
      expect.arrayContaining([
        "Schema     drifted, revision 1: first installation",
        "             zakaz.plan_sales: table missing",
      ]) as unknown,
    );
    await desk.applySchema();
    await desk.applyAccess();
    expect(next(await answer())).toEqual(["pulumi preview"]);
  });

  it("after a failed run: what says why, far enough back", async () => {
    await desk.load({ QTICKETS_TOKEN: "no-token-of-this-sandbox" });
    expect(next(await answer())).toEqual(["npx zakaz diagnose"]);
    await desk.byHand(
      "ALTER TABLE zakaz.meta_job_runs UPDATE finished_at = now() - 7000 WHERE status = 'error' SETTINGS mutations_sync = 1",
    );
    expect(next(await answer())).toEqual([expect.stringMatching(/^npx zakaz diagnose --minutes 11[78]$/)]);
    // A good run of the same second would be as new.
    await sleep(1000);
    expect((await desk.load()).code).toBe(0);
    expect(next(await answer())).toEqual(["pulumi preview"]);
  });

  it("alerts, where the stack has them: what is open, and a container that does not run", async () => {
    const withAlerts = JSON.stringify({ ...desk.stack, alertsTarget: { container: "zakaz-alerts" } });
    const shown = async (container = RUNNING) => {
      const { code, stdout } = await desk.zakaz(["status"], container, withAlerts);
      expect(code).toBe(0);
      return stdout.split("\n");
    };
    expect(await screen()).not.toContainEqual(expect.stringMatching(/^Alerts/));
    expect(await shown()).toContain("Alerts     zakaz-alerts: healthy, nothing open");
    const row = (id: number, kind: string, severity: string, message: string) =>
      `INSERT INTO meta.etl_alerts (ts, alert_id, severity, job, code, message, context_json, _ver)
SELECT toDateTime('2030-01-31 12:00:0${kind === "alert" ? 0 : 9}', 'Europe/Moscow'), '11111111-2222-4333-8444-00000000000${id}', '${severity}', 'vk_ads', 'failedRun', '${message}',
'{"incident":"${kind}","since":1896080400000}', ${kind === "alert" ? 1 : 2}`;
    await desk.byHand(
      row(1, "alert", "error", "The last run of vk_ads failed."),
      row(2, "alert", "warning", "An older one."),
      row(2, "recovered", "info", "Recovered. It was: An older one."),
    );
    const lines = await shown();
    const first = lines.indexOf("Alerts     zakaz-alerts: healthy, 1 open");
    expect(lines[first + 1]).toBe(
      "           error  since 2030-01-31 12:00:00  The last run of vk_ads failed.",
    );
    const status = JSON.parse((await desk.zakaz(["status", "--json"], RUNNING, withAlerts)).stdout) as Status;
    expect(status.alerts).toEqual({
      container: "zakaz-alerts",
      state: "healthy",
      open: [
        {
          severity: "error",
          rule: "failedRun",
          subject: "vk_ads",
          since: "2030-01-31 12:00:00",
          sentence: "The last run of vk_ads failed.",
        },
      ],
    });
    // The script says of both containers that they are stopped.
    const stopped = await shown({ ...RUNNING, status: "exited" });
    expect(stopped).toContain("Alerts     zakaz-alerts: exited");
    expect(stopped).toContainEqual(expect.stringMatching(/docker start zakaz-alerts +# starts the alerts$/));
    await desk.byHand("TRUNCATE TABLE meta.etl_alerts");
  });

  it("admin is not let in", async () => {
    const stack = desk.stack;
    stack.warehouseTarget.password = "not-this-one";
    const { code, stdout } = await desk.zakaz(["status", "--json"], RUNNING, JSON.stringify(stack));
    expect(code).toBe(0);
    const status = JSON.parse(stdout) as Status & { next: Step[] };
    expect(status.server).toMatchObject({ state: "refusing", version: null });
    expect(next(status)).toEqual(["npx zakaz diagnose"]);
    expect(stdout).not.toContain("not-this-one");
  });

  it.each([
    [
      "stopped",
      { ...RUNNING, status: "exited", exitCode: 137 },
      [
        "Next       docker start ch-zakaz  # starts the server",
        "           make up                # brings back the sandbox, which loads read",
      ],
    ],
    [
      "paused",
      { ...RUNNING, status: "paused" },
      [
        "Next       docker unpause ch-zakaz       # lets the server go on",
        "           docker unpause zakaz-sandbox  # lets the sandbox go on",
      ],
    ],
    [
      "absent",
      { ...RUNNING, status: "absent" },
      ["Next       make up  # builds the stack, or what is missing of it; data live in volumes"],
    ],
  ])(
    "%s: the command that brings it back, and nothing of another server in its place",
    async (state, container, steps) => {
      expect(await screen(container)).toEqual([
        `Server     ch-zakaz: ${state}, URL`,
        "Network    n",
        "Loader     i",
        `Sandbox    zakaz-sandbox: ${state}`,
        "",
        // The stand-in for Docker says the same of both.
        ...steps,
        "",
      ]);
    },
  );

  it("no stack: what builds one", async () => {
    const { code, stdout, stderr } = await desk.zakaz(["status"], RUNNING, "{}");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual([
      "Server     absent, The selected stack is not up: build it with make up",
      "",
      "Next       make up  # builds the stack, or what is missing of it; data live in volumes",
      "",
    ]);
  });

  it("a server that does not answer, or not yet, though its container runs", async () => {
    await desk.server.kill("SIGTERM");
    expect((await answer()).server.state).toBe("silent");
    const starting = await answer({ ...RUNNING, health: "starting" });
    expect(starting.server.state).toBe("starting");
    expect(next(starting)).toEqual(["npx zakaz status"]);
    await desk.server.start();
    expect((await answer()).server.state).toBe("healthy");
  });
});

it("counts hours as bi.v_ops_freshness does", async () => {
  const jobs = sources.filter(({ tables }) => tables.length > 0).map(({ job }) => job);
  expect(jobs).toEqual(["qtickets_api", "vk_ads", "plan", "yandex_direct"]);
  const hours = Object.fromEntries(sources.map(({ job, freshHours = 0 }) => [job, freshHours]));
  for (const [seconds, state] of [
    [-60, "ok"],
    [60, "late"],
  ] as const) {
    await desk.byHand("TRUNCATE TABLE zakaz.meta_job_runs");
    for (const job of jobs)
      await desk.byHand(
        `INSERT INTO zakaz.meta_job_runs (job, started_at, finished_at, status) SELECT '${job}', now() - ${hours[job]! * 3600 + seconds} AS at, at, 'ok'`,
      );
    const seen = await desk.server.sql<{ source: string; state: string }>(
      "SELECT source, state FROM bi.v_ops_freshness ORDER BY source",
    );
    expect(seen).toEqual([...jobs].sort().map((source) => ({ source, state })));
    for (const job of jobs)
      expect(freshnessOf(job, 1, hours[job]! * 3600 + seconds), job).toBe(state === "ok" ? "fresh" : "stale");
  }
});
