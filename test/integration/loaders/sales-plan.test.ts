import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { importFile } from "./import-file";
import { startWarehouse, type Warehouse } from "./warehouse";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 5, days: 3 });
});
afterAll(() => warehouse?.close());
beforeEach(async () => {
  await warehouse.reset();
  await warehouse.sql("TRUNCATE TABLE zakaz.plan_sales");
});

const runPlan = (csv: string | Buffer, flags: string[] = [], settings = {}) =>
  importFile(warehouse.settings(settings), "plan", csv, flags);

const rows = () =>
  warehouse.sql(
    `SELECT toString(sales_date) AS day, event_id AS event, city, plan_tickets AS tickets,
       toDecimalString(plan_revenue, 2) AS revenue
     FROM zakaz.plan_sales FINAL ORDER BY day, event, city`,
  );
const row = (day: string, event: string, city: string, tickets: number, revenue: string) => ({
  day,
  event,
  city,
  tickets,
  revenue,
});
const runs = () =>
  warehouse.sql<{ job: string; status: string; rows: number; message: string }>(
    "SELECT job, status, toUInt32(rows_processed) AS rows, message FROM zakaz.meta_job_runs ORDER BY _ver SETTINGS final = 0",
  );
const HEAD = "sales_date;event_id;city;plan_tickets;plan_revenue\n";

test("the example arrives, cities by their aliases; again it changes nothing; a new one replaces", async () => {
  const csv = readFileSync(join(__dirname, "../../../loaders/sales-plan/example.csv"));
  const expected = [
    row("2030-01-31", "5001", "казань", 120, "180000.00"),
    row("2030-02-01", "", "москва", 300, "450000.00"),
    row("2030-02-01", "5001", "казань", 90, "135000.50"),
  ];
  const first = await runPlan(csv);
  expect(first.code, first.stderr).toBe(0);
  expect(await rows()).toEqual(expected);
  const again = await runPlan(csv.toString().replace("Москва", "  МСК "));
  expect(again.code, again.stderr).toBe(0);
  expect(await rows()).toEqual(expected);

  const changed = await runPlan(`${HEAD}2030-02-01;;мск;310;460000\n`);
  expect(changed.code, changed.stderr).toBe(0);
  expect(await rows()).toEqual([expected[0], row("2030-02-01", "", "москва", 310, "460000.00"), expected[2]]);

  const journal = await runs();
  expect(journal.map(({ job, status, rows: n }) => [job, status, n])).toEqual([
    ["plan", "ok", 3],
    ["plan", "ok", 3],
    ["plan", "ok", 1],
  ]);
  expect(JSON.parse(journal[0]?.message ?? "")).toEqual({
    status: "ok",
    plan_rows: 3,
    withdrawn_rows: 0,
    bad_lines: 0,
    unknown_cities: 0,
  });
});

test("an event's plan under another city takes the place of the old one, and the view adds up", async () => {
  await warehouse.run();
  await runPlan(`${HEAD}2030-02-01;5001;Казань;10;1000\n2030-02-02;5001;Казань;11;1100\n`);
  const run = await runPlan(`${HEAD}2030-02-01;5001;;12;1200\n2030-02-01;5002;Нигдеград;1;1\n`);
  expect(run.code, run.stderr).toBe(0);
  expect(await rows()).toEqual([
    row("2030-02-01", "5001", "", 12, "1200.00"),
    row("2030-02-01", "5001", "казань", 0, "0.00"),
    row("2030-02-01", "5002", "нигдеград", 1, "1.00"),
    row("2030-02-02", "5001", "казань", 11, "1100.00"),
  ]);
  expect(JSON.parse((await runs()).at(-1)?.message ?? "")).toMatchObject({
    withdrawn_rows: 1,
    unknown_cities: 1,
  });
  expect(
    await warehouse.sql(
      `SELECT toUInt32(plan_tickets) AS tickets, toDecimalString(plan_revenue, 2) AS revenue
       FROM zakaz.v_plan_vs_fact WHERE event_id = '5001' AND sales_date = '2030-02-01'`,
    ),
  ).toEqual([{ tickets: 12, revenue: "1200.00" }]);
});

const WRONG = `${HEAD}2030-02-01;5001;;12;1200\n2030-02-30;5001;;pii-word;1200\n2030-02-01;5001;;13;1300\n`;

test("one wrong line: every mistake is told, nothing is written, exit 1, one row in the journal", async () => {
  const run = await runPlan(WRONG);
  expect(run.code, run.stderr).toBe(1);
  expect(run.stderr).toContain(
    'Line 3, sales_date: found "2030-02-30", accepted is a day such as 2030-01-31 or 31.01.2030',
  );
  expect(run.stderr).toContain(
    'Line 3, plan_tickets: found "pii-word", accepted is a whole number such as 120',
  );
  expect(run.stderr).toContain(
    'Line 4, (line): found "2030-02-01 5001", accepted is each day, event and city once (this is line 2 again)',
  );
  expect(run.stderr).toContain(
    "The plan was not imported: 3 mistakes in sales_date, plan_tickets, (line). Correct them, or leave those lines out with --skip-bad.",
  );
  expect(run.stderr).not.toMatch(/\n\s+at /);
  expect(await rows()).toEqual([]);
  const journal = await runs();
  expect(journal.map(({ job, status, rows: n }) => [job, status, n])).toEqual([["plan", "error", 0]]);
  expect(journal[0]?.message).not.toContain("pii-word");
});

test("--skip-bad: the right lines arrive, exit 3, the journal and the quarantine say how many and why", async () => {
  const run = await runPlan(WRONG, ["--skip-bad"]);
  expect(run.code, run.stderr).toBe(3);
  expect(await rows()).toEqual([row("2030-02-01", "5001", "", 12, "1200.00")]);
  const [journal] = await runs();
  expect(journal?.status).toBe("partial");
  expect(JSON.parse(journal?.message ?? "")).toMatchObject({
    plan_rows: 1,
    bad_lines: 2,
    quarantined: {
      "plan: (line): not accepted": 1,
      "plan: plan_tickets: not accepted": 1,
      "plan: sales_date: not accepted": 1,
    },
  });
  const kept = readFileSync(join(warehouse.quarantineDirectory, "plan.jsonl"), "utf8");
  expect(kept).toContain('"source":"plan","id":"3","reason":"sales_date: not accepted"');
  expect(kept).not.toContain("pii-word");
  // Nothing right in it: that is no partial import.
  expect((await runPlan(`${HEAD}x;1;;1;1\n`, ["--skip-bad"])).code).toBe(1);
});

test("a dry run tells the mistakes, connects to nothing and writes nothing", async () => {
  const nowhere = { CLICKHOUSE_HOST: "nowhere.invalid", CLICKHOUSE_PASSWORD: "placeholder" };
  const good = await runPlan(`${HEAD}2030-02-01;5001;;12;1200\n`, ["--dry-run"], nowhere);
  expect(good.code, good.stderr).toBe(0);
  expect(good.stdout).toContain("Plan rows: 1\n  Mistakes: 0\nDry-run: no ClickHouse writes");
  expect((await runPlan(WRONG, ["--dry-run"], nowhere)).code).toBe(1);
  expect((await runPlan(WRONG, ["--dry-run", "--skip-bad"], nowhere)).code).toBe(3);
  expect(await runs()).toEqual([]);
});

test("what is no plan, or no setting, exits 2 in one sentence and leaves no row", async () => {
  for (const [csv, settings, said] of [
    ["", {}, "The plan is empty"],
    ["day;tickets\n", {}, "The plan's header (line 1) is wrong"],
    [HEAD, { PLAN_RUN_SECOND: "1" }, "PLAN_RUN_SECOND is not a setting"],
  ] as const) {
    const run = await runPlan(csv, [], settings);
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toContain(said);
  }
  expect(await runs()).toEqual([]);
});
