import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { importFile } from "./import-file";
import { startWarehouse, type Warehouse } from "./warehouse";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await startWarehouse({ ordersPerDay: 1, days: 1 });
});
afterAll(() => warehouse?.close());
beforeEach(async () => {
  await warehouse.reset();
  await warehouse.sql("TRUNCATE TABLE zakaz.fact_direct_daily");
  await warehouse.sql("TRUNCATE TABLE zakaz.fact_vk_ads_daily");
});

const EXAMPLE = readFileSync(join(__dirname, "../../../loaders/direct/example.csv"), "utf8");
const HEAD = "stat_date,account_id,campaign_id,ad_id,utm_content,impressions,clicks,spend\n";

const runImport = (csv: string, flags: string[] = [], settings = {}) =>
  importFile(warehouse.settings(settings), "yandex_direct", csv, flags);

/** Imports what must be right. */
async function bring(csv: string): Promise<void> {
  const run = await runImport(csv);
  expect(run.code, run.stderr).toBe(0);
}

/** Key and measures of every row: day, account, campaign, ad, city, impressions, clicks, spend. */
const rows = async () =>
  (
    await warehouse.sql<{ row: string }>(
      `SELECT concatWithSeparator(' ', stat_date, account_id, campaign_id, if(ad_id = '', '-', ad_id), if(city = '', '-', city),
         impressions, clicks, toDecimalString(spend, 2)) AS row
       FROM zakaz.fact_direct_daily FINAL ORDER BY stat_date, account_id, campaign_id, ad_id`,
    )
  ).map(({ row }) => row);

/** One number for the content of the table: everything but version and time of writing. */
const content = () =>
  warehouse.sql(
    `SELECT toUInt32(count()) AS n, toString(groupBitXor(cityHash64(* EXCEPT (_ver, _loaded_at)))) AS hash
     FROM zakaz.fact_direct_daily FINAL`,
  );

const runs = async () =>
  (
    await warehouse.sql<{ job: string; status: string; rows: number; message: string }>(
      "SELECT job, status, toUInt32(rows_processed) AS rows, message FROM zakaz.meta_job_runs ORDER BY _ver SETTINGS final = 0",
    )
  ).map(({ message, ...row }) => ({ ...row, message: JSON.parse(message) as Record<string, unknown> }));

test("the example arrives with every column, cities by their aliases; again it changes nothing", async () => {
  await bring(EXAMPLE);
  expect(
    await warehouse.sql(
      `SELECT * EXCEPT (_ver, _loaded_at, impressions, clicks, spend),
         toUInt32(impressions) AS shown, toUInt32(clicks) AS clicked, toDecimalString(spend, 2) AS cost
       FROM zakaz.fact_direct_daily FINAL WHERE ad_id = '90001'`,
    ),
  ).toEqual([
    {
      stat_date: "2025-01-31",
      account_id: "my-shop",
      campaign_id: "70001",
      ad_group_id: "80001",
      ad_id: "90001",
      campaign_name: "Казань, концерт",
      city: "казань",
      utm_source: "yandex",
      utm_medium: "cpc",
      utm_campaign: "concert",
      utm_content: "kzn_31_01",
      utm_term: "билеты",
      shown: 1200,
      clicked: 34,
      cost: "1500.50",
      currency: "RUB",
    },
  ]);
  const expected = [
    "2025-01-31 my-shop 70001 90001 казань 1200 34 1500.50",
    "2025-01-31 my-shop 70001 90002 казань 800 12 640.00",
    "2025-01-31 my-shop 70002 - - 300 40 99.90",
  ];
  expect(await rows()).toEqual(expected);

  const before = await content();
  await bring(EXAMPLE.replace(";Казань;", ";  КЗН ;"));
  expect(await content()).toEqual(before);
  const message = {
    status: "ok",
    direct_rows: 3,
    withdrawn_rows: 0,
    bad_lines: 0,
    unknown_cities: 0,
  };
  expect(await runs()).toEqual(Array(2).fill({ job: "yandex_direct", status: "ok", rows: 3, message }));
  expect(
    await warehouse.sql(
      `SELECT source, toUInt32(total_rows) AS n, toString(latest_ts) AS newest, last_run_status AS status
       FROM zakaz.v_qtickets_freshness WHERE table_name = 'fact_direct_daily'`,
    ),
  ).toEqual([{ source: "yandex_direct", n: 3, newest: "2025-01-31 00:00:00", status: "ok" }]);
});

test("the same key replaces, also in other spellings; other keys, days and accounts stay", async () => {
  await bring(
    `${HEAD}2025-01-31,shop,7,1,msk_31_01,10,1,5\n2025-01-31,shop,7,2,,20,2,6\n` +
      "2025-02-01,shop,7,1,,30,3,7\n2025-01-31,other,7,1,,40,4,8\n",
  );
  await bring(`${HEAD}31.01.2025,SHOP,7,1,nowhere_31_01,11,0,5.01\n`);
  expect(await rows()).toEqual([
    "2025-01-31 other 7 1 - 40 4 8.00",
    "2025-01-31 shop 7 1 nowhere 11 0 5.01",
    "2025-01-31 shop 7 2 - 20 2 6.00",
    "2025-02-01 shop 7 1 - 30 3 7.00",
  ]);
  expect((await runs()).map(({ message }) => message["unknown_cities"])).toEqual([0, 1]);
});

test("an import wins over rows whose clock was ahead", async () => {
  const ahead = Date.UTC(2099, 0, 1);
  await warehouse.sql(
    `INSERT INTO zakaz.fact_direct_daily (stat_date, account_id, campaign_id, ad_id, spend, currency, _ver) VALUES
     ('2025-01-31', 'shop', '7', '1', 100, 'RUB', ${ahead}), ('2025-01-31', 'shop', '6', '2', 100, 'RUB', ${ahead + 5})`,
  );
  await bring(`${HEAD}2025-01-31,shop,7,1,,1,1,1\n2025-01-31,shop,7,2,,2,2,2\n2025-02-01,shop,7,1,,3,3,3\n`);
  expect(await rows()).toEqual([
    "2025-01-31 shop 6 2 - 0 0 0.00",
    "2025-01-31 shop 7 1 - 1 1 1.00",
    "2025-01-31 shop 7 2 - 2 2 2.00",
    "2025-02-01 shop 7 1 - 3 3 3.00",
  ]);
  await bring(`${HEAD}2025-01-31,shop,7,1,,4,4,4\n`);
  expect(
    await warehouse.sql(
      `SELECT toString(stat_date) AS day, toString(max(_ver) - ${ahead}) AS ahead
       FROM zakaz.fact_direct_daily FINAL GROUP BY stat_date HAVING max(_ver) > ${ahead}`,
    ),
  ).toEqual([{ day: "2025-01-31", ahead: "7" }]);
  expect((await rows())[1]).toBe("2025-01-31 shop 7 1 - 4 4 4.00");
});

test("an ad that moved to another campaign counts once", async () => {
  await bring(
    `${HEAD}2025-01-31,shop,7,1,,10,1,5\n2025-01-31,shop,7,,,10,1,5\n2025-02-01,shop,7,1,,10,1,5\n2025-01-31,other,7,1,,10,1,5\n`,
  );
  await bring(`${HEAD}2025-01-31,shop,8,1,,12,2,6\n2025-01-31,shop,8,,,12,2,6\n`);
  const moved = [
    "2025-01-31 other 7 1 - 10 1 5.00",
    // Statistics of whole campaigns are not of one ad: nothing has moved.
    "2025-01-31 shop 7 - - 10 1 5.00",
    "2025-01-31 shop 7 1 - 0 0 0.00",
    "2025-01-31 shop 8 - - 12 2 6.00",
    "2025-01-31 shop 8 1 - 12 2 6.00",
    "2025-02-01 shop 7 1 - 10 1 5.00",
  ];
  expect(await rows()).toEqual(moved);
  // What is withdrawn already is not withdrawn again.
  await bring(`${HEAD}2025-01-31,shop,8,1,,12,2,6\n`);
  expect(await rows()).toEqual(moved);
  expect((await runs()).map(({ rows: n, message }) => [n, message["withdrawn_rows"]])).toEqual([
    [4, 0],
    [3, 1],
    [1, 0],
  ]);
  // A file that names both says that both are so.
  await bring(`${HEAD}2025-01-31,shop,7,1,,1,1,1\n2025-01-31,shop,8,1,,2,2,2\n`);
  expect((await rows()).filter((row) => row.startsWith("2025-01-31 shop") && / [78] 1 /.test(row))).toEqual([
    "2025-01-31 shop 7 1 - 1 1 1.00",
    "2025-01-31 shop 8 1 - 2 2 2.00",
  ]);
});

test("the views show it beside VK, roubles only where they promise that", async () => {
  await warehouse.sql(
    `INSERT INTO zakaz.fact_vk_ads_daily (stat_date, account_id, campaign_id, ad_id, city, utm_content, impressions, clicks, spend, currency)
     VALUES ('2025-01-31', 'vk', '1', '1', 'казань', 'kzn_31_01', 100, 10, 50.25, 'RUB')`,
  );
  await bring(
    `stat_date,account_id,campaign_id,ad_id,utm_content,city,impressions,clicks,spend,currency\n` +
      "2025-01-31,shop,7,1,Kzn_31_01,,1000,20,100.50,RUB\n2025-01-31,shop,7,2,KZN_31_01,,500,10,0.30,RUB\n" +
      "2025-01-31,shop,7,3,,Казань,1,1,9,KZT\n",
  );
  expect(
    await warehouse.sql(
      `SELECT source, city, utm_content, currency, toUInt32(impressions) AS shown, toUInt32(clicks) AS clicked,
         toDecimalString(spend, 2) AS cost
       FROM zakaz.v_marketing_costs_daily WHERE d = '2025-01-31' ORDER BY source, currency DESC`,
    ),
  ).toEqual([
    {
      ...{ source: "vk_ads", city: "казань", utm_content: "kzn_31_01", currency: "RUB" },
      ...{ shown: 100, clicked: 10, cost: "50.25" },
    },
    {
      ...{ source: "yandex_direct", city: "казань", utm_content: "kzn_31_01", currency: "RUB" },
      ...{ shown: 1500, clicked: 30, cost: "100.80" },
    },
    {
      ...{ source: "yandex_direct", city: "казань", utm_content: "", currency: "KZT" },
      ...{ shown: 1, clicked: 1, cost: "9.00" },
    },
  ]);
  expect(
    await warehouse.sql(
      `SELECT city, toUInt32(impressions) AS shown, toUInt32(clicks) AS clicked, toDecimalString(spend_vk, 2) AS vk,
         toDecimalString(spend_direct, 2) AS direct, toDecimalString(spend_total, 2) AS total
       FROM zakaz.v_marketing_daily WHERE d = '2025-01-31'`,
    ),
  ).toEqual([{ city: "казань", shown: 1600, clicked: 40, vk: "50.25", direct: "100.80", total: "151.05" }]);
});

test("the longest file fits into the image's memory, also one of a single day that replaces itself", async () => {
  const utm = "билеты на концерт ".repeat(6);
  const longest = (days: number) => {
    const lines = Array.from({ length: 50_000 }, (_, ad) => {
      const day = String(1 + (ad % days)).padStart(2, "0");
      return `2025-01-${day},shop,7,${ad + 1},${utm},3,2,1.01\n`;
    });
    return `stat_date,account_id,campaign_id,ad_id,utm_term,impressions,clicks,spend\n${lines.join("")}`;
  };
  await bring(longest(10));
  await bring(longest(1));
  await bring(longest(1));
  expect(
    await warehouse.sql(
      "SELECT toUInt32(count()) AS n, toDecimalString(sum(spend), 2) AS spend FROM zakaz.fact_direct_daily FINAL",
    ),
  ).toEqual([{ n: 95_000, spend: "95950.00" }]);
});

const WRONG = `${HEAD}2025-01-31,shop,7,1,,1,1,1\n2025-01-31,pii@example.com,7,2,,1,1,1.001\n2025-01-31,shop,7,1,,2,2,2\n`;

test("one wrong line: every mistake is told, nothing is written, exit 1, one row in the journal", async () => {
  const run = await runImport(WRONG);
  expect(run.code, run.stderr).toBe(1);
  expect(run.stderr).toContain(
    'Line 3, account_id: found "pii@example.com", accepted is a client login such as my-shop, no e-mail address',
  );
  expect(run.stderr).toContain('Line 3, spend: found "1.001", accepted is an amount such as 1500 or 1500.50');
  expect(run.stderr).toContain(
    'Line 4, (line): found "2025-01-31 shop 7 1", accepted is each day, account, campaign and ad once (this is line 2 again)',
  );
  const sentence =
    "The Yandex Direct file was not imported: 3 mistakes in account_id, spend, (line). Correct them, or leave those lines out with --skip-bad.";
  expect(run.stderr).toContain(sentence);
  expect(run.stderr).not.toMatch(/\n\s+at /);
  expect(await rows()).toEqual([]);
  expect(await runs()).toEqual([
    {
      ...{ job: "yandex_direct", status: "error", rows: 0 },
      message: { status: "error", error: { error_type: "ExpectedError", message: sentence } },
    },
  ]);
});

test("--skip-bad: the right lines arrive, exit 3, journal and quarantine say how many and why", async () => {
  const run = await runImport(WRONG, ["--skip-bad"]);
  expect(run.code, run.stderr).toBe(3);
  expect(await rows()).toEqual(["2025-01-31 shop 7 1 - 1 1 1.00"]);
  expect(await runs()).toEqual([
    {
      job: "yandex_direct",
      status: "partial",
      rows: 1,
      message: {
        status: "partial",
        direct_rows: 1,
        withdrawn_rows: 0,
        bad_lines: 2,
        unknown_cities: 0,
        degraded: ["yandex_direct: 2 lines were left out"],
        quarantined: {
          "yandex_direct: (line): not accepted": 1,
          "yandex_direct: account_id: not accepted": 1,
          "yandex_direct: spend: not accepted": 1,
        },
      },
    },
  ]);
  const kept = readFileSync(join(warehouse.quarantineDirectory, "yandex_direct.jsonl"), "utf8");
  expect(kept).toContain('"source":"yandex_direct","id":"3","reason":"account_id: not accepted"');
  expect(kept).not.toContain("pii@example.com");
  // Nothing right in it: that is no partial import.
  expect((await runImport(`${HEAD}x,shop,7,1,,1,1,1\n`, ["--skip-bad"])).code).toBe(1);
});

test("a dry run tells the mistakes, repeated keys too, connects to nothing and writes nothing", async () => {
  const nowhere = { CLICKHOUSE_HOST: "nowhere.invalid", CLICKHOUSE_PASSWORD: "placeholder" };
  const good = await runImport(EXAMPLE, ["--dry-run"], nowhere);
  expect(good.code, good.stderr).toBe(0);
  expect(good.stdout).toBe(
    "[yandex_direct] Dry-run complete:\n  Rows of Yandex Direct: 3\n  Mistakes: 0\nDry-run: no ClickHouse writes.\n",
  );
  const wrong = await runImport(WRONG, ["--dry-run"], nowhere);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("(this is line 2 again)");
  expect((await runImport(WRONG, ["--dry-run", "--skip-bad"], nowhere)).code).toBe(3);
  expect(await rows()).toEqual([]);
  expect(await runs()).toEqual([]);
});

test("what is no such file, or no setting, exits 2 in one sentence and leaves no row", async () => {
  for (const [csv, settings, said] of [
    ["", {}, "The Yandex Direct file is empty"],
    ["day;cost\n", {}, "The Yandex Direct file's header (line 1) is wrong"],
    [EXAMPLE, { DIRECT_RUN_SECOND: "1" }, "DIRECT_RUN_SECOND is not a setting"],
  ] as const) {
    const run = await runImport(csv, [], settings);
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toContain(said);
  }
  expect(await runs()).toEqual([]);
});
