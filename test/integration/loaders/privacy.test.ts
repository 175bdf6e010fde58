import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PII_PATTERNS } from "../../../sandbox/qtickets/markers";
import type { FaultRule } from "../../../sandbox/qtickets/sandbox";
import { ROOT, startWarehouse, type Warehouse } from "./warehouse";

/** A token and a password that could not come from anywhere else. */
const TOKEN = "planted-token-8c1f5a";
const BARCODE_KEY = "planted-barcode-key-0123456789abcdef";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 25, days: 20, token: TOKEN });
});
afterAll(() => warehouse?.close());

const EVERYTHING = {
  QTICKETS_SKIP_PRICE_SHADES: "false",
  QTICKETS_SKIP_DISCOUNTS: "false",
  QTICKETS_SKIP_PROMO_CODES: "false",
  QTICKETS_SKIP_BARCODES: "false",
  QTICKETS_SKIP_CLIENTS: "false",
  QTICKETS_SKIP_PARTNER_TICKETS: "false",
  QTICKETS_BARCODE_KEY: BARCODE_KEY,
  // Some planted orders are bad, in quiet hours a large share.
  QTICKETS_QUARANTINE_MAX_SHARE: "0.9",
  LOG_LEVEL: "DEBUG",
};

/** Runs that go well and runs that fail in ways that could make somebody print what came back. */
const RUNS: readonly {
  what: string;
  settings?: Record<string, string>;
  args?: string[];
  faults?: FaultRule[];
}[] = [
  { what: "good, text", args: ["--verbose"] },
  {
    what: "good, JSON, whole objects",
    settings: { LOG_FORMAT: "json", QTICKETS_SELECT_FIELDS: "false" },
    args: ["--full"],
  },
  {
    what: "broken JSON",
    settings: { QTICKETS_SELECT_FIELDS: "false" },
    faults: [{ kind: "brokenJson", route: "/orders", times: 2 }],
  },
  {
    what: "wrong types",
    settings: { LOG_FORMAT: "json" },
    faults: [{ kind: "wrongTypes", route: "/orders" }],
  },
  { what: "no UTF-8", faults: [{ kind: "invalidUtf8", route: "/orders" }] },
  {
    what: "bare list",
    settings: { QTICKETS_SELECT_FIELDS: "false" },
    faults: [{ kind: "bareArray", route: "/orders" }],
  },
  { what: "403", faults: [{ kind: "status", status: 403, route: "/events" }] },
  {
    what: "seats and barcodes gone",
    faults: [
      { kind: "html", route: "/shows/*/seats" },
      { kind: "statusError", route: "/shows/*/barcodes" },
    ],
  },
  { what: "wrong password", settings: { CLICKHOUSE_PASSWORD: "planted-wrong-password" } },
  { what: "wrong token", settings: { QTICKETS_TOKEN: "planted-wrong-token" } },
];

/** Orders that are put aside, each for a reason that tempts to quote the value. */
function plantBadOrders(): void {
  const { data } = warehouse.sandbox;
  const marked = (value: string) => value as unknown as never;
  const at = Date.now() - 5000;
  data.addOrder({ currency_id: marked("pii-marker-currency@example.test") }, at);
  data.addOrder({ payed_at: marked("pii-marker-moment") }, at);
  data.addOrder({ event_id: marked("pii-marker-event") }, at);
  const priced = data.addOrder({}, at);
  data.updateOrder(priced.id, (order) => void (order.baskets[0]!.price = "pii-marker-price"), at);
  data.addOrder(
    {
      utm: {
        utm_source: "buyer@example.test",
        utm_medium: "+7 900 000-00-00",
        utm_campaign: "8 900 000 00 00",
        utm_content: "mailto:pii-marker-utm@example.test",
      },
    },
    at,
  );
}

/** The alerts of the run before, taken away: of one code there is one in six hours, so that they would hide later ones. */
async function takeAlerts(): Promise<{ code: string }[]> {
  const alerts = await warehouse.sql<{ code: string }>("SELECT * FROM meta.etl_alerts SETTINGS final = 0");
  await warehouse.sql("TRUNCATE TABLE meta.etl_alerts");
  return alerts;
}

/** Every place that a run writes to or is seen in, as text. */
async function places(output: readonly { what: string; text: string }[]): Promise<Map<string, string>> {
  const found = new Map(output.map(({ what, text }) => [what, text]));
  for (const file of readdirSync(warehouse.quarantineDirectory)) {
    found.set(`quarantine: ${file}`, readFileSync(join(warehouse.quarantineDirectory, file), "utf8"));
  }
  const tables = await warehouse.sql<{ name: string }>(
    `SELECT concat(database, '.', name) AS name FROM system.tables
     WHERE database IN ('zakaz', 'meta') AND engine LIKE '%MergeTree' ORDER BY name`,
  );
  for (const { name } of tables) {
    found.set(
      `table: ${name}`,
      JSON.stringify(await warehouse.sql(`SELECT * FROM ${name} SETTINGS final = 0`)),
    );
  }
  await warehouse.sql("SYSTEM FLUSH LOGS");
  const logs = await warehouse.sql<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log' AND engine LIKE '%MergeTree'",
  );
  for (const { name } of logs) {
    found.set(`system.${name}`, JSON.stringify(await warehouse.sql(`SELECT * FROM system.${name}`)));
  }
  return found;
}

test("no personal value, token, password or key in any log, journal, quarantine file, table or query log, at DEBUG", async () => {
  plantBadOrders();
  const output: { what: string; text: string }[] = [];
  const codes: (number | null)[] = [];
  const alerts: Record<string, string[]> = {};
  for (const { what, settings = {}, args, faults = [] } of RUNS) {
    warehouse.sandbox.faults.set(...faults);
    const { stdout, stderr, code } = await warehouse.run({ ...EVERYTHING, ...settings }, args);
    output.push({ what: `log: ${what}`, text: stdout + stderr });
    codes.push(code);
    const raised = await takeAlerts();
    output.push({ what: `alerts: ${what}`, text: JSON.stringify(raised) });
    if (raised.length > 0) alerts[what] = raised.map((alert) => alert.code).sort();
  }
  expect(codes).toEqual([0, 0, 0, 1, 1, 1, 1, 3, 1, 1]);
  // A run whose password is refused can write none.
  expect(alerts).toEqual({
    "wrong types": ["run_failed"],
    "no UTF-8": ["run_failed"],
    "bare list": ["run_failed"],
    "403": ["run_failed"],
    "seats and barcodes gone": ["barcodes_incomplete", "inventory_incomplete"],
    "wrong token": ["run_failed"],
  });

  const found = await places(output);
  const secrets = [
    TOKEN,
    BARCODE_KEY,
    warehouse.loaderPassword,
    "planted-wrong-password",
    "planted-wrong-token",
  ];
  const hits: string[] = [];
  const lines: string[] = [];
  for (const [place, text] of found) {
    // What the test itself has sent as admin holds no marker either, so the query log is searched as a whole.
    const patterns = [...PII_PATTERNS, /@example\.test/, /8 900 000 00 00/];
    for (const pattern of patterns) {
      const hit = pattern.exec(text);
      if (hit) hits.push(`${place}: ${text.slice(Math.max(0, hit.index - 60), hit.index + 60)}`);
    }
    for (const secret of secrets)
      if (text.includes(secret)) hits.push(`${place}: secret ${secret.slice(0, 14)}`);
    lines.push(`| ${place} | ${Buffer.byteLength(text)} |`);
  }
  mkdirSync(join(ROOT, "reports"), { recursive: true });
  const head = ["# Places searched for planted markers", "", "| place | bytes |", "|---|---|"];
  const foot = ["", `Hits: ${hits.length}`, ""];
  writeFileSync(join(ROOT, "reports/privacy.md"), [...head, ...lines, ...foot].join("\n"));
  expect(hits).toEqual([]);

  // The search is worth something only where there is something to be found.
  const bytes = (place: string) => Buffer.byteLength(found.get(place) ?? "");
  expect(bytes("quarantine: qtickets_api.jsonl")).toBeGreaterThan(500);
  expect(bytes("table: zakaz.stg_qtickets_api_orders_raw")).toBeGreaterThan(100_000);
  expect(bytes("table: zakaz.stg_qtickets_api_barcodes_raw")).toBeGreaterThan(1000);
  expect(bytes("table: zakaz.meta_job_runs")).toBeGreaterThan(2000);
  expect(bytes("log: good, text")).toBeGreaterThan(2000);
  expect(bytes("system.query_log")).toBeGreaterThan(10_000);
  expect(bytes("alerts: wrong types")).toBeGreaterThan(200);
  expect(bytes("table: meta.sli_daily")).toBeGreaterThan(1000);
  expect(bytes("table: zakaz.stg_qtickets_api_clients_raw")).toBe(2);
  expect(existsSync(join(ROOT, "reports/privacy.md"))).toBe(true);
  // The vendor did send what must not be kept.
  const sent = JSON.stringify(warehouse.sandbox.data.orders().at(0));
  for (const pattern of PII_PATTERNS.filter(({ source }) => !source.startsWith("\\+7"))) {
    expect(sent).toMatch(pattern);
  }
});
