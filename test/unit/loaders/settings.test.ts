import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseEnvFile } from "../../../loaders/core/setting";
import { samplePath, sampleOf } from "../../../loaders/env-samples";
import { sources } from "../../../loaders/sources";
import { qtickets } from "../../../loaders/qtickets/source";
import { databaseSettings } from "../../../loaders/core/settings";
import { readSettings } from "../../../loaders/qtickets/settings";

const least = { QTICKETS_TOKEN: "t", CLICKHOUSE_HOST: "ch-zakaz", CLICKHOUSE_PASSWORD: "p" };

test("three settings are enough", () => {
  const settings = readSettings(least);
  expect(settings).toMatchObject({
    QTICKETS_BASE_URL: "https://qtickets.ru/api/rest/v1",
    QTICKETS_SINCE_HOURS: 24,
    QTICKETS_INITIAL_BACKFILL_HOURS: 720,
    CLICKHOUSE_DB: "zakaz",
    CLICKHOUSE_USER: "etl_writer",
    JOB_NAME: "qtickets_api",
    TZ: "Europe/Moscow",
    DRY_RUN: false,
    LOG_LEVEL: "INFO",
  });
  expect(databaseSettings(settings).port).toBe(8123);
  expect(databaseSettings(readSettings({ ...least, CLICKHOUSE_SECURE: "on" })).port).toBe(8443);
  expect(databaseSettings(readSettings({ ...least, CH_PORT: "9123" })).port).toBe(9123);
});

describe("malformed values are named", () => {
  test.each([
    ["QTICKETS_TOKEN", "two words"],
    ["QTICKETS_BASE_URL", "ftp://qtickets.ru"],
    ["QTICKETS_BASE_URL", "https://user:pass@qtickets.ru"],
    ["QTICKETS_BASE_URL", "http://qtickets.ru/api"],
    ["QTICKETS_SINCE_HOURS", "0"],
    ["QTICKETS_SINCE_HOURS", "-5"],
    ["QTICKETS_INITIAL_BACKFILL_HOURS", "-1"],
    ["QTICKETS_BACKFILL_GUARD_TABLE", "meta_job_runs; DROP TABLE x"],
    ["QTICKETS_PARTNERS_FIND_REQUESTS", '[{"filter":{}}]'],
    ["QTICKETS_QUARANTINE_MAX_SHARE", "1.5"],
    ["CLICKHOUSE_HOST", "http://ch-zakaz"],
    ["CLICKHOUSE_PORT", "0"],
    ["CLICKHOUSE_PORT", "65536"],
    ["CLICKHOUSE_DB", "zakaz; x"],
    ["CLICKHOUSE_SECURE", "y"],
    ["TZ", "Europe/Moskau"],
    ["JOB_NAME", "it's"],
    ["LOG_LEVEL", "LOUD"],
    ["LOG_FORMAT", "xml"],
  ])("%s=%s", (name, value) => {
    expect(() => readSettings({ ...least, [name]: value })).toThrow(`${name} must be`);
  });

  test("unknown names of the loader's own are refused, others are none of its business", () => {
    expect(() => readSettings({ ...least, QTICKETS_SINCE_HOUR: "2" })).toThrow(
      "QTICKETS_SINCE_HOUR is not a setting of this program: did you mean QTICKETS_SINCE_HOURS?",
    );
    expect(() => readSettings({ ...least, CLICKHOUSE_PASWORD: "2" })).toThrow(
      "did you mean CLICKHOUSE_PASSWORD?",
    );
    expect(readSettings({ ...least, PATH: "/bin", CH_THING: "1" }).JOB_NAME).toBe("qtickets_api");
  });
});

test("plain http needs consent, a slash at the end is removed", () => {
  const http = { ...least, QTICKETS_BASE_URL: "http://127.0.0.1:8080/api/rest/v1/" };
  expect(readSettings({ ...http, QTICKETS_ALLOW_HTTP: "true" }).QTICKETS_BASE_URL).toBe(
    "http://127.0.0.1:8080/api/rest/v1",
  );
});

const readSample = (source: Pick<(typeof sources)[number], "folder">) =>
  readFileSync(join(__dirname, "../../../loaders", samplePath(source)), "utf8");

test.each(sources.map((source) => [source.job, source] as const))(
  "the sample file of %s is the one made from its settings (npx tsx loaders/env-samples.ts writes it)",
  async (_job, source) => {
    expect(readSample(source)).toBe(await sampleOf(source));
  },
);

test("the sample file of Qtickets passes as a dry run", () => {
  const file = readSample(qtickets);
  const settings = readSettings(parseEnvFile(file, "sample"));
  expect(settings.DRY_RUN).toBe(true);
  // A commented line shows the value that holds without it.
  const uncommented = parseEnvFile(file.replace(/^#([A-Z_]+=)/gm, "$1"), "sample");
  expect(readSettings(uncommented)).toEqual(settings);
});
