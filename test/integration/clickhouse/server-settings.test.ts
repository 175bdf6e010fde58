import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../../support/engine";

const run = promisify(execFile);
let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine?.stop());

describe("clickhouse/config.d and users.d, as the engine reads them", () => {
  it("sets memory, pools and limits", async () => {
    const wanted = {
      max_server_memory_usage_to_ram_ratio: "0.8",
      mark_cache_size: "268435456",
      uncompressed_cache_size: "0",
      index_mark_cache_size: "67108864",
      index_uncompressed_cache_size: "67108864",
      background_pool_size: "4",
      max_concurrent_queries: "50",
      max_connections: "256",
    };
    const names = Object.keys(wanted).map((name) => `'${name}'`);
    const rows = await engine.sql<{ name: string; value: string }>(
      `SELECT name, value FROM system.server_settings WHERE name IN (${names.join(", ")})`,
    );
    expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toEqual(wanted);
  });

  it("counts days in Moscow", async () => {
    expect(await engine.sql("SELECT serverTimezone() AS zone")).toEqual([{ zone: "Europe/Moscow" }]);
  });

  it("keeps the system logs that are read, each with its TTL, and no others", async () => {
    await engine.sql("SELECT 1");
    await engine.sql("SYSTEM FLUSH LOGS");
    const rows = await engine.sql(
      "SELECT name, extract(engine_full, 'PARTITION BY ([^ ]+)') AS partition, extract(engine_full, 'TTL ([^ ]+ [+] [^ ]+)') AS ttl " +
        "FROM system.tables WHERE database = 'system' AND name LIKE '%\\\\_log' ORDER BY name",
    );
    const monthly = { partition: "toYYYYMM(event_date)" };
    expect(rows).toEqual([
      { name: "part_log", ...monthly, ttl: "event_date + toIntervalDay(14)" },
      { name: "query_log", ...monthly, ttl: "event_date + toIntervalDay(30)" },
      { name: "query_views_log", ...monthly, ttl: "event_date + toIntervalDay(14)" },
      { name: "text_log", ...monthly, ttl: "event_date + toIntervalDay(14)" },
    ]);
    expect(await engine.sql("SELECT count() > 0 AS filled FROM system.query_log")).toEqual([{ filled: 1 }]);
    expect(await engine.sql("SELECT count() > 0 AS filled FROM system.text_log")).toEqual([{ filled: 1 }]);
  });

  it("gives admin its profile", async () => {
    const rows = await engine.sql(
      "SELECT name, value FROM system.settings WHERE name IN ('final', 'async_insert', 'max_memory_usage', 'log_queries') ORDER BY name",
    );
    expect(rows).toEqual([
      { name: "async_insert", value: "0" },
      { name: "final", value: "1" },
      { name: "log_queries", value: "1" },
      { name: "max_memory_usage", value: "2147483648" },
    ]);
  });

  it("backs up to the disk named for it and nowhere else", async () => {
    await engine.sql("CREATE DATABASE shop");
    await engine.sql("CREATE TABLE shop.t (a UInt8) ENGINE = MergeTree ORDER BY a");
    expect(await engine.sql("BACKUP TABLE shop.t TO Disk('backups', 'one')")).toMatchObject([
      { status: "BACKUP_CREATED" },
    ]);
    await expect(engine.sql("BACKUP TABLE shop.t TO Disk('default', 'one')")).rejects.toThrow(
      "is not allowed for backups",
    );
  });

  it("listens on 8123 and 9000 only", async () => {
    const script =
      'cat /proc/net/tcp /proc/net/tcp6 | awk \'$4 == "0A" { split($2, a, ":"); print a[2] }\' | sort -u';
    const { stdout } = await run("docker", ["exec", engine.container, "sh", "-c", script]);
    const ports = stdout
      .trim()
      .split("\n")
      .map((hex) => parseInt(hex, 16));
    expect(ports.sort()).toEqual([8123, 9000]);
  });

  it("does not run as root, and keeps its log in the logs volume", async () => {
    expect((await run("docker", ["exec", engine.container, "id", "-u"])).stdout).toBe("101\n");
    const { stdout } = await run("docker", ["exec", engine.container, "ls", "/var/log/clickhouse-server"]);
    expect(stdout).toContain("clickhouse-server.log");
  });
});
