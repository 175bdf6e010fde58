import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../support/server";
import { readSqlFile } from "../../support/sql";
import { COUNTS, sampleOf } from "../../support/soak";
import { SchemaServer, SqlCopy } from "./support";

/** A table with whatever a server can keep of one, written as a person would, not as a server spells it. */
const TABLE = `CREATE TABLE IF NOT EXISTS zakaz.sensor_daily
(
    d Date COMMENT 'the day''s date, "local" \\\\ \`quoted\`',
    city LowCardinality(String) DEFAULT '',
    n INTEGER UNSIGNED CODEC(Delta, ZSTD),
    twice UInt64 MATERIALIZED n * 2,
    kept DateTime DEFAULT now() TTL kept + INTERVAL 3 DAY,
    CONSTRAINT positive CHECK n > 0 AND n < 1000000,
    INDEX by_city lower(city) TYPE bloom_filter GRANULARITY 2,
    PROJECTION sums (SELECT city, sum(n) GROUP BY city)
)
ENGINE = MergeTree
ORDER BY (d, city)
TTL d + INTERVAL 30 DAY GROUP BY d SET n = sum(n)
SETTINGS merge_with_ttl_timeout = 7200, index_granularity = 8192
COMMENT 'Quotes: '' " \` \\\\ and a line
break';
`;

/** What is changed by hand, and what is seen of it. */
const CHANGES: [byHand: string, seen: string][] = [
  ["MODIFY COMMENT 'another'", "comment"],
  ["COMMENT COLUMN d 'another'", "column d: comment"],
  ["MODIFY COLUMN n REMOVE CODEC", "column n: codec"],
  ["MODIFY COLUMN twice UInt64 MATERIALIZED n * 3", "column twice: default"],
  ["MODIFY COLUMN kept DateTime DEFAULT now() TTL kept + INTERVAL 1 DAY", "column kept: TTL"],
  ["DROP CONSTRAINT positive", "constraint positive"],
  ["DROP INDEX by_city", "index by_city"],
  ["DROP PROJECTION sums", "projection sums"],
  ["MODIFY TTL d + INTERVAL 7 DAY GROUP BY d SET n = sum(n)", "TTL"],
  ["MODIFY SETTING merge_with_ttl_timeout = 3600", "setting merge_with_ttl_timeout"],
  ["MODIFY SETTING min_bytes_for_wide_part = 1", "setting min_bytes_for_wide_part"],
  ["DROP COLUMN twice", "column twice missing"],
];

describe.each(COUNTS.versions)("what a server can keep, on ClickHouse %s", (version) => {
  const sql = new SqlCopy();
  let schema: SchemaServer;

  beforeAll(async () => {
    const server = await startServer({ version });
    schema = new SchemaServer(server, sql.root);
    expect((await server.client(["--multiquery"], readSqlFile("10_access.sql"))).code).toBe(0);
    sql.write("60_sensors.sql", TABLE);
    await schema.apply();
    await schema.run("INSERT INTO zakaz.sensor_daily (d, city, n) VALUES (today(), 'x', 5)");
  });

  afterAll(async () => {
    await schema?.close();
    sql.remove();
  });

  it("can be declared in any spelling: nothing differs after one apply", async () => {
    expect((await schema.plan()).differences).toEqual([]);
  });

  it.each(sampleOf(CHANGES))("%s is seen, and mended in place", async (byHand, seen) => {
    const created = (await schema.created())["zakaz.sensor_daily"];
    await schema.run(`ALTER TABLE zakaz.sensor_daily ${byHand}`);
    const { changes, refused } = await schema.plan();
    expect({ changes, refused }).toEqual({ changes: [`zakaz.sensor_daily: ${seen}`], refused: [] });
    expect(await schema.apply()).toBe(1);
    expect((await schema.plan()).differences).toEqual([]);
    expect((await schema.created())["zakaz.sensor_daily"]).toBe(created);
    expect(await schema.warehouse.rows("SELECT city, n, twice FROM zakaz.sensor_daily")).toEqual([
      { city: "x", n: 5, twice: 10 },
    ]);
  });
});
