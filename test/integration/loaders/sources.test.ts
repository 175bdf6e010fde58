import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../loaders/core/clock";
import { createDatabase } from "../../../loaders/core/database";
import type { FaultRule } from "../../../sandbox/faults";
import { PII_PATTERNS } from "../../../sandbox/qtickets/markers";
import {
  dailySales,
  expectedSales,
  fingerprint,
  journal,
  startWarehouse,
  type Warehouse,
  WRITTEN,
} from "./warehouse";

const KEY = "a-key-of-the-tests-32-characters-long";
const ON = {
  QTICKETS_SKIP_PRICE_SHADES: "false",
  QTICKETS_SKIP_DISCOUNTS: "false",
  QTICKETS_SKIP_PROMO_CODES: "false",
  QTICKETS_SKIP_BARCODES: "false",
  QTICKETS_BARCODE_KEY: KEY,
};
const PATHS = /\/(color-themes|discounts|promo-codes|barcodes)$/;

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 20, days: 15 });
});
afterAll(() => warehouse?.close());
beforeEach(() => warehouse.reset());

const lastMessage = async () =>
  JSON.parse((await journal(warehouse)).at(-1)?.message ?? "{}") as Record<string, unknown>;
const asked = () => warehouse.sandbox.requests.filter(({ path }) => PATHS.test(path));

/** Valid tickets of open shows, as the sandbox's own orders have them: code by show. */
function validBarcodes(): { show: string; hash: string }[] {
  const { data } = warehouse.sandbox;
  const open = data
    .events()
    .filter((event) => event.deleted_at === null)
    .flatMap((event) => event.shows)
    .filter((show) => show.deleted_at === null && Number(show.is_active) === 1)
    .filter((show) => Date.parse(show.finish_date) > Date.now())
    .map((show) => show.id);
  return [...Array(data.orders().length).keys()]
    .map((index) => data.orders().at(index))
    .filter((order) => order.payed_at !== null && order.deleted_at === null)
    .flatMap((order) => order.baskets)
    .filter((one) => one.deleted_at === null && one.refunded_at === null && open.includes(one.show_id))
    .map((one) => ({
      show: String(one.show_id),
      hash: createHmac("sha256", KEY)
        .update(one.barcode ?? "")
        .digest("hex"),
    }));
}

test("switched on, every data set arrives; a second load changes nothing", async () => {
  const first = await warehouse.run({ ...ON, QTICKETS_PAGE_SIZE: "2" });
  expect(first.code, first.stderr).toBe(0);
  const { data } = warehouse.sandbox;
  expect(
    await warehouse.sql(
      "SELECT shade_id, color FROM zakaz.stg_qtickets_api_price_shades_raw FINAL ORDER BY toUInt32(shade_id)",
    ),
  ).toEqual(
    data
      .colorThemes()
      .sort((a, b) => a.id - b.id)
      .map(({ id, color }) => ({ shade_id: String(id), color })),
  );
  expect(
    await warehouse.sql(
      `SELECT discount_id, name, discount_type, discount_value, is_active, deleted_ts,
         JSONExtract(payload_json, 'event_ids', 'Array(String)') AS events
       FROM zakaz.stg_qtickets_api_discounts_raw FINAL ORDER BY discount_id`,
    ),
  ).toEqual(
    [
      ["45", "Early"],
      ["46", "Friends"],
      ["47", "Gift"],
    ].map(([id, name]) => ({
      discount_id: id,
      name,
      discount_type: "P",
      discount_value: null,
      is_active: 1,
      deleted_ts: null,
      events: data
        .events()
        .slice(0, 2)
        .map((event) => String(event.id)),
    })),
  );
  expect(
    await warehouse.sql(
      `SELECT promo_code_id AS id, code, discount_id, max_uses, is_active, deleted_ts IS NULL AS alive
       FROM zakaz.stg_qtickets_api_promo_codes_raw FINAL ORDER BY id`,
    ),
  ).toEqual([
    { id: "13000", code: "13000-10000-1", discount_id: "46", max_uses: 5, is_active: 1, alive: 1 },
    { id: "13001", code: "13001-10000-1", discount_id: "46", max_uses: 5, is_active: 1, alive: 1 },
    { id: "13002", code: "13002-10000-1", discount_id: "47", max_uses: 5, is_active: 0, alive: 0 },
  ]);
  const expected = validBarcodes();
  expect(expected.length).toBeGreaterThan(50);
  const kept = await warehouse.sql<{ show: string; hash: string }>(
    "SELECT show_id AS show, barcode_hash AS hash FROM zakaz.stg_qtickets_api_barcodes_raw FINAL",
  );
  const sorted = (rows: { show: string; hash: string }[]) =>
    rows.map((one) => `${one.show} ${one.hash}`).sort();
  expect(sorted(kept)).toEqual(sorted(expected));
  expect(await lastMessage()).toMatchObject({
    status: "ok",
    price_shades_rows: 15,
    discounts_rows: 3,
    promo_code_rows: 3,
    barcode_rows: expected.length,
  });

  const before = await fingerprint(warehouse);
  const second = await warehouse.run(ON);
  expect(second.code, second.stderr).toBe(0);
  expect(await fingerprint(warehouse)).toEqual(before);
  expect(warehouse.sandbox.violations()).toEqual([]);
});

test("left alone, none of them is asked for, and the journal says why", async () => {
  const run = await warehouse.run();
  expect(run.code, run.stderr).toBe(0);
  expect(asked()).toEqual([]);
  const reason = "disabled_via_flag";
  expect((await lastMessage()).skipped_resources).toEqual(
    ["price_shades", "discounts", "promo_codes", "barcodes"].map((resource) => ({ resource, reason })),
  );
});

test("barcodes without a key are skipped with the reason; clients and partner tickets never asked for", async () => {
  const { QTICKETS_BARCODE_KEY: _, ...keyless } = ON;
  const run = await warehouse.run({
    ...keyless,
    QTICKETS_SKIP_CLIENTS: "false",
    QTICKETS_SKIP_PARTNER_TICKETS: "false",
  });
  expect(run.code, run.stderr).toBe(0);
  expect((await lastMessage()).skipped_resources).toEqual([
    { resource: "barcodes", reason: "no_key: set QTICKETS_BARCODE_KEY" },
    { resource: "clients", reason: "never_requested" },
    { resource: "partner_tickets", reason: "never_requested" },
  ]);
  expect(asked().map(({ path }) => path.split("/").at(-1))).toEqual([
    "color-themes",
    "discounts",
    "promo-codes",
  ]);
  expect(warehouse.sandbox.violations()).toEqual([]);
});

describe("an optional data set that fails costs itself only", () => {
  const routes = { price_shades: "/color-themes", discounts: "/discounts", promo_codes: "/promo-codes" };
  const ended = async (faults: FaultRule[], settings = {}) => {
    warehouse.sandbox.faults.set(...faults);
    const run = await warehouse.run({ ...ON, ...settings });
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(await dailySales(warehouse)).toEqual(expectedSales(warehouse));
    return run;
  };

  test("all of them at once, each in its own way: exit 3, each named, the rest loaded", async () => {
    const run = await ended(
      [
        { kind: "html", route: routes.price_shades },
        { kind: "missingPaging", route: routes.discounts },
        { kind: "idFiltersIgnored", route: routes.promo_codes },
        { kind: "repeatedPage", route: routes.promo_codes },
        { kind: "statusError", route: "/shows/*/barcodes" },
      ],
      { QTICKETS_PAGE_SIZE: "2" },
    );
    expect(run.code, run.stderr).toBe(3);
    const message = await lastMessage();
    expect(message).toMatchObject({ status: "partial", price_shades_rows: 0, barcode_rows: 0 });
    expect(message.degraded).toEqual([
      expect.stringMatching(/^price_shades: QTickets \/color-themes answered something that is not JSON/),
      'discounts: /discounts answered without "paging".',
      "promo_codes: /promo-codes answered page 2 with rows it had already sent.",
      expect.stringMatching(/^barcodes: \/shows\/\d+\/barcodes answered without a list of rows\.$/),
    ]);
    expect(await warehouse.sql("SELECT count() > 0 AS n FROM zakaz.fact_qtickets_inventory_latest")).toEqual([
      { n: 1 },
    ]);
  });

  test.each([403, 404])("an answer %s: skipped with the reason, the run is ok", async (status) => {
    const run = await ended([{ kind: "status", status, route: routes.discounts }]);
    expect(run.code, run.stderr).toBe(0);
    expect(await lastMessage()).toMatchObject({
      status: "ok",
      skipped_resources: [{ resource: "discounts", reason: `http_${status}` }],
      price_shades_rows: 15,
      promo_code_rows: 3,
    });
  });

  test("one that hangs, or asks for an absurd wait, is given up in time for the facts", async () => {
    const run = await ended(
      [
        { kind: "delay", ms: 60_000, route: routes.price_shades },
        { kind: "status", status: 429, retryAfterSeconds: 86_400, route: routes.discounts },
      ],
      { QTICKETS_RUN_SECONDS: "20" },
    );
    expect(run.code, run.stderr).toBe(3);
    expect(run.seconds).toBeLessThan(20);
    const message = await lastMessage();
    expect(message.degraded).toEqual([
      expect.stringMatching(/^price_shades: price_shades used up its time budget \(\d\.?\d* s\)\.$/),
      expect.stringContaining("longer than the run may still take"),
    ]);
    expect(message).toMatchObject({ promo_code_rows: 3 });
  });

  test("seats that hang are unknown, and the facts get their time", async () => {
    const run = await ended([{ kind: "delay", ms: 60_000, route: "/shows/*/seats" }], {
      QTICKETS_RUN_SECONDS: "15",
    });
    expect(run.code, run.stderr).toBe(3);
    expect((await lastMessage()).degraded).toEqual([expect.stringContaining("no time left")]);
  });

  test("a table that refuses the rows is a failure of its data set", async () => {
    await warehouse.sql(
      "ALTER TABLE zakaz.stg_qtickets_api_promo_codes_raw ADD CONSTRAINT chk_test CHECK code = 'none'",
    );
    try {
      const run = await ended([]);
      expect(run.code, run.stderr).toBe(3);
      expect((await lastMessage()).degraded).toEqual([
        expect.stringMatching(/^promo_codes: ClickHouse .*code 469/),
      ]);
    } finally {
      await warehouse.sql("ALTER TABLE zakaz.stg_qtickets_api_promo_codes_raw DROP CONSTRAINT chk_test");
    }
  });

  test("bad rows are put aside by field; too many of them fail the data set", async () => {
    const { data } = warehouse.sandbox;
    const [shade] = data.colorThemes();
    const [code] = data.promoCodes();
    if (!shade || !code) throw new Error("the sandbox has no lists");
    data.setLists({
      colorThemes: [shade, { id: 77, color: "pii-marker-color" }],
      promoCodes: Array.from({ length: 4 }, (_, id) => ({
        ...code,
        id: id + 1,
        is_active: "maybe" as never,
      })),
    });
    const run = await ended([]);
    expect(run.code, run.stderr).toBe(3);
    const message = await lastMessage();
    expect(message.quarantined).toEqual({
      "price_shades: color: unreadable color": 1,
      "promo_codes: is_active: unreadable flag": 4,
    });
    expect(message.degraded).toEqual([
      "promo_codes: 4 of 4 rows of promo_codes could not be read, more than the allowed ratio of 0.05: promo_codes: is_active: unreadable flag (4). See the quarantine file, or raise QTICKETS_QUARANTINE_MAX_SHARE.",
    ]);
    expect(message.price_shades_rows).toBe(1);
    const lines = readFileSync(join(warehouse.quarantineDirectory, "qtickets_api.jsonl"), "utf8");
    expect(lines).toContain('"source":"price_shades","id":"77","reason":"color: unreadable color"');
    expect(lines).not.toContain("pii-marker");
  });

  test("a missing column of an optional table is named before anything is read", async () => {
    await warehouse.sql(
      "ALTER TABLE zakaz.stg_qtickets_api_promo_codes_raw RENAME COLUMN max_uses TO most_uses",
    );
    try {
      const run = await warehouse.run();
      expect(run.code).toBe(1);
      expect(run.stderr).toContain("Database zakaz lacks column stg_qtickets_api_promo_codes_raw.max_uses");
      expect(warehouse.sandbox.requests).toEqual([]);
    } finally {
      await warehouse.sql(
        "ALTER TABLE zakaz.stg_qtickets_api_promo_codes_raw RENAME COLUMN most_uses TO max_uses",
      );
    }
  });
});

test("a column that takes no NULL any more is named before anything is read", async () => {
  const type = (name: string) =>
    warehouse.sql(`ALTER TABLE zakaz.stg_qtickets_api_promo_codes_raw MODIFY COLUMN max_uses ${name}`);
  await type("UInt32 DEFAULT 0");
  try {
    const run = await warehouse.run();
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(
      "Database zakaz takes no NULL in stg_qtickets_api_promo_codes_raw.max_uses (UInt32), where the loader may write it",
    );
    expect(warehouse.sandbox.requests).toEqual([]);
  } finally {
    await type("Nullable(UInt32) DEFAULT NULL");
  }
  expect((await warehouse.run()).code).toBe(0);
});

// Why the types of rows tell which columns may be NULL (test/unit/loaders/row-types.test.ts).
test("the server refuses NULL for timestamps and numbers that take none, and makes an empty text of it", async () => {
  const nothing = () => undefined;
  const database = createDatabase({
    host: "127.0.0.1",
    port: warehouse.port,
    secure: false,
    verifyTls: true,
    database: "default",
    user: "admin",
    password: warehouse.server.adminPassword,
    job: "nulls",
    runId: "nulls",
    clock: systemClock,
    log: { error: nothing, warning: nothing, info: nothing, debug: nothing },
    deadline: Date.now() + 60_000,
  });
  const inserted = async (type: string) => {
    await warehouse.sql("DROP DATABASE IF EXISTS nulls");
    await warehouse.sql("CREATE DATABASE nulls");
    await warehouse.sql(`CREATE TABLE nulls.t (value ${type}, behind String) ENGINE = Memory`);
    const row = { value: null as never, behind: "b" };
    return database.insert("nulls.t", ["value", "behind"], [row], "token").then(
      () => warehouse.sql("SELECT toString(value) AS value, behind FROM nulls.t"),
      (error: Error) => error.message,
    );
  };
  try {
    for (const type of ["String", "LowCardinality(String)"]) {
      expect(await inserted(type), type).toEqual([{ value: "", behind: "b" }]);
    }
    for (const type of ["DateTime('Europe/Moscow')", "Date", "Decimal(18, 2)", "UInt32", "UInt64", "UUID"]) {
      expect(await inserted(type), type).toMatch(/refused a statement: code \d+/);
    }
    expect(await inserted("Nullable(UInt32)")).toEqual([{ value: null, behind: "b" }]);
  } finally {
    await warehouse.sql("DROP DATABASE IF EXISTS nulls");
    await database.close();
  }
});

test("no personal value, no barcode, no key in any table, log line or file, with everything on at DEBUG", async () => {
  const run = await warehouse.run({ ...ON, QTICKETS_SELECT_FIELDS: "false" }, ["--verbose"]);
  expect(run.code, run.stderr).toBe(0);
  const texts = [run.stdout, run.stderr];
  for (const table of WRITTEN) texts.push(JSON.stringify(await warehouse.sql(`SELECT * FROM ${table}`)));
  const file = join(warehouse.quarantineDirectory, "qtickets_api.jsonl");
  if (existsSync(file)) texts.push(readFileSync(file, "utf8"));
  const everything = texts.join("\n");
  expect(everything.length).toBeGreaterThan(100_000);
  for (const pattern of PII_PATTERNS) expect(pattern.exec(everything)?.[0]).toBeUndefined();
  for (const secret of [KEY, warehouse.sandbox.token, warehouse.loaderPassword]) {
    expect(everything).not.toContain(secret);
  }
});
