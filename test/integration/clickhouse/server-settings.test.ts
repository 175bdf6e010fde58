import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type Server } from "../../support/server";

let server: Server;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

describe("clickhouse/config.d and users.d, as the server reads them", () => {
  it("sets memory, pools and limits", async () => {
    const wanted = {
      max_server_memory_usage_to_ram_ratio: "0.8",
      mark_cache_size: "268435456",
      uncompressed_cache_size: "0",
      index_mark_cache_size: "67108864",
      index_uncompressed_cache_size: "67108864",
      background_pool_size: "4",
      async_insert_threads: "1",
      async_load_databases: "0",
      asynchronous_metrics_update_period_s: "10",
      max_concurrent_queries: "50",
      max_connections: "256",
    };
    const names = Object.keys(wanted).map((name) => `'${name}'`);
    const rows = await server.sql<{ name: string; value: string }>(
      `SELECT name, value FROM system.server_settings WHERE name IN (${names.join(", ")})`,
    );
    expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toEqual(wanted);
  });

  it("counts days in Moscow", async () => {
    expect(await server.sql("SELECT serverTimezone() AS zone")).toEqual([{ zone: "Europe/Moscow" }]);
  });

  it("keeps the system logs that are read, each with its TTL, and no others", async () => {
    await server.sql("SELECT 1");
    // The first flush makes the parts of which the log of parts tells.
    await server.sql("SYSTEM FLUSH LOGS");
    await server.sql("SYSTEM FLUSH LOGS");
    const rows = await server.sql(
      "SELECT name, extract(engine_full, 'PARTITION BY ([^ ]+)') AS partition, extract(engine_full, 'TTL ([^ ]+ [+] [^ ]+)') AS ttl " +
        "FROM system.tables WHERE database = 'system' AND name LIKE '%\\\\_log' ORDER BY name",
    );
    const monthly = { partition: "toYYYYMM(event_date)" };
    expect(rows).toEqual([
      { name: "backup_log", ...monthly, ttl: "event_date + toIntervalDay(90)" },
      { name: "crash_log", ...monthly, ttl: "event_date + toIntervalDay(90)" },
      { name: "part_log", ...monthly, ttl: "event_date + toIntervalDay(14)" },
      { name: "query_log", ...monthly, ttl: "event_date + toIntervalDay(30)" },
      { name: "query_views_log", ...monthly, ttl: "event_date + toIntervalDay(14)" },
      { name: "text_log", ...monthly, ttl: "event_date + toIntervalDay(14)" },
    ]);
    expect(await server.sql("SELECT count() > 0 AS filled FROM system.query_log")).toEqual([{ filled: 1 }]);
    expect(await server.sql("SELECT count() > 0 AS filled FROM system.text_log")).toEqual([{ filled: 1 }]);
  });

  it("gives admin its profile", async () => {
    const rows = await server.sql(
      "SELECT name, value FROM system.settings WHERE name IN ('final', 'async_insert', 'max_memory_usage', 'log_queries') ORDER BY name",
    );
    expect(rows).toEqual([
      { name: "async_insert", value: "0" },
      { name: "final", value: "1" },
      { name: "log_queries", value: "1" },
      { name: "max_memory_usage", value: "2147483648" },
    ]);
  });

  it("compiles nothing, for whomever, however often the same is asked", async () => {
    await server.sql("CREATE SETTINGS PROFILE own SETTINGS max_threads = 1");
    await server.sql("CREATE USER asker IDENTIFIED WITH sha256_password BY 'Asker-1' SETTINGS PROFILE 'own'");
    const query =
      "SELECT number % 3 AS part, sum(number * 2 + 1), avg(number + 3) FROM numbers(9) GROUP BY part;";
    for (const login of [[], ["--user=asker", "--password=Asker-1"]]) {
      const { stdout } = await server.client([...login, "--query", query.repeat(8)]);
      expect(stdout.trimEnd().split("\n")).toHaveLength(8 * 3);
    }
    expect(await server.sql("SELECT event FROM system.events WHERE event LIKE 'Compile%'")).toEqual([]);
  });

  it("backs up to the disk named for it and nowhere else", async () => {
    await server.sql("CREATE DATABASE shop");
    await server.sql("CREATE TABLE shop.t (a UInt8) ENGINE = MergeTree ORDER BY a");
    expect(await server.sql("BACKUP TABLE shop.t TO Disk('backups', 'one')")).toMatchObject([
      { status: "BACKUP_CREATED" },
    ]);
    await expect(server.sql("BACKUP TABLE shop.t TO Disk('default', 'one')")).rejects.toThrow(
      "is not allowed for backups",
    );
  });
});
