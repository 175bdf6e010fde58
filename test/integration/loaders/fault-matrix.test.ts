import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OPTIONAL_DATA_SETS } from "../../../loaders/qtickets/optional-data-sets";
import { COUNTS, sampleOf } from "../../support/soak";
import { FAULTS, ROUTES, type Fault } from "./fault-table";
import { runInProcess, type InProcessResult } from "./in-process";
import {
  dailySales,
  expectedSales,
  fingerprint,
  journal,
  ROOT,
  startWarehouse,
  type Warehouse,
} from "./warehouse";

/** Data sets in the order in which a run reads them. */
const DATA_SETS = [
  { name: "events", required: true },
  { name: "orders", required: true },
  ...OPTIONAL_DATA_SETS.map(({ name }) => ({ name, required: false })),
  { name: "inventory", required: false },
];
type DataSet = (typeof DATA_SETS)[number];

interface Line {
  source: string;
  fault: string;
  exit: number;
  status: string;
  said: string;
  facts: string;
  afterwards: string;
}

const table: Line[] = [];
let warehouse: Warehouse;
/** Rows of the optional tables after a good run. */
let baseline: Record<string, string>;

const BASE = {
  QTICKETS_PAGE_SIZE: "2",
  QTICKETS_BARCODE_KEY: "k".repeat(40),
  LEASE_SECONDS: "60",
};

/** Every optional source is left out but the one. */
function settingsFor(source: string, fault?: Fault): Record<string, string> {
  const flags = Object.entries(ROUTES).flatMap(([name, { flag }]) =>
    flag === undefined ? [] : [[flag, String(name !== source)]],
  );
  const short = fault?.rule.kind === "drip" ? { QTICKETS_REQUEST_SECONDS: "0.5" } : {};
  return warehouse.settings({ ...BASE, ...short, ...(Object.fromEntries(flags) as Record<string, string>) });
}

async function optionalRows(): Promise<Record<string, string>> {
  const counts: Record<string, string> = {};
  for (const { table: name } of Object.values(ROUTES)) {
    if (name === undefined) continue;
    const [row] = await warehouse.sql<{ n: string }>(
      `SELECT toString(count()) AS n FROM zakaz.${name} FINAL ${name.includes("latest") ? "WHERE tickets_total IS NOT NULL" : ""}`,
    );
    counts[name] = row?.n ?? "";
  }
  return counts;
}

beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 6, days: 3 });
  // Many short runs are more than a loader may ask for in an hour.
  await warehouse.server.client([], "DROP QUOTA etl_writer_quota");
  const all = Object.values(ROUTES).flatMap(({ flag }) => (flag === undefined ? [] : [[flag, "false"]]));
  const settings = { ...BASE, ...(Object.fromEntries(all) as Record<string, string>) };
  const first = await runInProcess(warehouse.settings(settings));
  expect(first.code, first.log).toBe(0);
  baseline = await optionalRows();
  for (const [name, rows] of Object.entries(baseline)) expect(Number(rows), name).toBeGreaterThan(2);
});

afterAll(async () => {
  const lines = table.map(
    ({ source, fault, exit, status, said, facts, afterwards }) =>
      `| ${source} | ${fault} | ${exit} | ${status} | ${said.replaceAll("|", "\\|")} | ${facts} | ${afterwards} |`,
  );
  mkdirSync(join(ROOT, "reports"), { recursive: true });
  writeFileSync(
    join(ROOT, "reports/fault-matrix.md"),
    [
      "# Faults of the API, source by source",
      "",
      "| source | fault | exit | journal | message | facts | next good run |",
      "|---|---|---|---|---|---|---|",
      ...lines,
      "",
    ].join("\n"),
  );
  await warehouse?.close();
});

function messageOf(row: { message: string } | undefined): Record<string, unknown> {
  return JSON.parse(row?.message ?? "{}") as Record<string, unknown>;
}

/** What the journal says about why. */
function reasonOf(message: Record<string, unknown>): string {
  const {
    error,
    degraded,
    skipped_resources: skipped,
  } = message as {
    error?: { message: string };
    degraded?: string[];
    skipped_resources?: { resource: string; reason: string }[];
  };
  if (error !== undefined) return error.message;
  if (degraded !== undefined) return degraded.join("; ");
  const reasons = (skipped ?? []).filter(({ reason }) => reason.startsWith("http_"));
  return [...new Set(reasons.map(({ resource, reason }) => `${resource}: ${reason}`))].join("; ");
}

async function cell(source: DataSet, fault: Fault): Promise<void> {
  const place = ROUTES[source.name];
  if (place === undefined) throw new Error(`${source.name} is missing in ROUTES`);
  const expected = fault[source.required ? "required" : "optional"];
  const { sandbox } = warehouse;
  const before = await fingerprint(warehouse);
  const rowsBefore = (await journal(warehouse)).length;
  // There is news that a failed run must not show by halves, and a good one must not miss.
  sandbox.data.addOrder({}, Date.now() - 1500);
  // The two requests before the list of orders only count; their answers have no page that could be repeated.
  const skip = source.name === "orders" && fault.paged ? 2 : 0;
  sandbox.faults.set({ ...fault.rule, route: place.route, skip });
  expect(sandbox.violations()).toEqual([]);
  sandbox.requests.splice(0);
  const run = await runInProcess(settingsFor(source.name, fault));
  const asked = [...sandbox.requests];
  sandbox.faults.clear();

  const rows = await journal(warehouse);
  const row = rows.at(-1);
  const message = messageOf(row);
  const unchanged = JSON.stringify(await fingerprint(warehouse)) === JSON.stringify(before);
  const sales = await dailySales(warehouse);
  const right = JSON.stringify(sales) === JSON.stringify(expectedSales(warehouse));
  const line: Line = {
    source: source.name,
    fault: fault.name,
    exit: run.code,
    status: row?.status ?? "",
    said: reasonOf(message),
    facts: right ? "right" : unchanged ? "unchanged" : "WRONG",
    afterwards: "",
  };
  table.push(line);
  const label = `${source.name}, ${fault.name}:\n${run.log}`;

  expect(run.code, label).toBe({ ok: 0, partial: 3, error: 1 }[expected]);
  expect(rows, label).toHaveLength(rowsBefore + 1);
  expect(row, label).toMatchObject({ status: expected, ordered: 1 });
  if (expected === "error") {
    expect(unchanged, label).toBe(true);
    expect(row?.rows_processed, label).toBe(0);
    expect((message.error as { message: string }).message, label).toMatch(/^(QTickets )?\/|rows of|The API/);
  } else {
    expect(sales, label).toEqual(expectedSales(warehouse));
  }
  if (expected === "partial") expect(message.degraded, label).toHaveLength(1);
  expectTries(source, fault, place.route, asked, run, label);
  expect(run.log, label).not.toMatch(/\n\s+at |Traceback|Unexpected error/);

  if (expected === "error") line.afterwards = await goodRun(source.name);
}

/** A run without faults: whatever happened before, everything is there afterwards. */
async function goodRun(source: string): Promise<string> {
  const good = await runInProcess(settingsFor(source));
  expect(good.code, good.log).toBe(0);
  expect(await dailySales(warehouse), source).toEqual(expectedSales(warehouse));
  return "right";
}

function expectTries(
  source: DataSet,
  fault: Fault,
  route: string,
  asked: Warehouse["sandbox"]["requests"],
  run: InProcessResult,
  label: string,
): void {
  expect(new Set(asked.map(({ method }) => method)), label).toEqual(new Set(["GET"]));
  if (fault.tried === "once") {
    expect(run.waits, label).toEqual([]);
  } else if (!fault.paged) {
    expect(run.waits.length, label).toBeGreaterThan(0);
  }
  if (fault.wait !== undefined) expect(Math.max(...run.waits), label).toBeGreaterThanOrEqual(fault.wait);
  if (fault.tried === "once" && source.required && !fault.paged && fault.rule.kind === "status") {
    const pattern = new RegExp(`${route.replaceAll("*", "[^/]+")}$`);
    expect(
      asked.filter(({ path }) => pattern.test(path)),
      label,
    ).toHaveLength(1);
  }
}

const TRIED = sampleOf(FAULTS);

/** The faults that are tried at a source. The optional ones, which share their way of reading, take turns; few of them have pages. */
function faultsOf(source: DataSet): readonly Fault[] {
  const possible = TRIED.filter(({ paged }) => paged === undefined || ROUTES[source.name]?.paged === true);
  if (source.required || COUNTS.allFaults) return possible;
  return possible.filter(
    (fault) => fault.paged === true || (TRIED.indexOf(fault) + DATA_SETS.indexOf(source)) % 4 === 0,
  );
}

test("every fault is tried at one of the optional sources at least", () => {
  const tried = new Set(DATA_SETS.filter(({ required }) => !required).flatMap(faultsOf));
  expect(TRIED.filter((fault) => !tried.has(fault))).toEqual([]);
});

describe.each(DATA_SETS.map((source) => [source.name, source] as const))("%s", (name, source) => {
  test("the matrix knows where it reads", () => {
    expect(Object.keys(ROUTES)).toContain(name);
  });

  test.each(faultsOf(source).map((fault) => [fault.name, fault] as const))("%s", async (_name, fault) =>
    cell(source, fault),
  );

  test("after all of them a good run leaves nothing out", async () => {
    await goodRun(name);
    // Every order that is news brings its tickets.
    const { stg_qtickets_api_barcodes_raw: barcodes, ...rows } = await optionalRows();
    expect({ ...baseline, ...rows }).toEqual(baseline);
    expect(Number(barcodes)).toBeGreaterThanOrEqual(Number(baseline.stg_qtickets_api_barcodes_raw));
    for (const line of table)
      if (line.source === name && line.afterwards === "") line.afterwards = "complete";
  });
});

test("nobody listening: five tries, exit 1, facts unchanged", async () => {
  const before = await fingerprint(warehouse);
  const run = await runInProcess({ ...settingsFor("events"), QTICKETS_BASE_URL: "http://127.0.0.1:9/api" });
  expect(run.code).toBe(1);
  expect(run.waits).toHaveLength(4);
  const row = (await journal(warehouse)).at(-1);
  const { error } = messageOf(row) as { error: { message: string; code: string } };
  expect(error).toMatchObject({ code: "ECONNREFUSED", status: null });
  expect(await fingerprint(warehouse)).toEqual(before);
  table.push({
    source: "all",
    fault: "connection refused",
    exit: run.code,
    status: row?.status ?? "",
    said: error.message,
    facts: "unchanged",
    afterwards: "",
  });
});
