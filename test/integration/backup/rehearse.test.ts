import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { restorable } from "../../../warehouse/backup/policy";
import { journalDrill, refuseDowngrade, rehearse, type Rehearsal } from "../../../warehouse/backup/rehearse";
import { startServer, type ServerVersion } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { warehouseOf } from "../access/support";
import { BackedUp, contentsOf } from "./support";

/** Backups tried on an empty server, and what the same data are after a real upgrade. */
const LEDGER = "zakaz.fact_qtickets_orders";

async function tryOn(version: ServerVersion, shop: BackedUp): Promise<Rehearsal> {
  const beganAt = Date.now();
  const server = await startServer({ version, backups: shop.server.backups });
  const scratch = warehouseOf(server);
  try {
    const [backup] = restorable(await shop.store.list("sizes"));
    return await rehearse({
      scratch,
      live: shop.schema.warehouse,
      place: shop.place,
      backup: backup!,
      beganAt,
      say: () => undefined,
    });
  } finally {
    await scratch.close();
    await server.stop();
  }
}

describe("a drill", () => {
  let shop: BackedUp;
  let name: string;
  beforeAll(async () => {
    shop = await BackedUp.start();
    await shop.insertOrders(0, COUNTS.drillOrders);
    name = (await shop.take("full")).name;
  });
  afterAll(() => shop.stop());

  it("finds the restored tables equal, and journals what was lost and how long it took", async () => {
    const found = await tryOn("25.8.2", shop);
    expect(found).toMatchObject({ backup: name, problems: [], views: 16 });
    expect(found.tables.find(({ table }) => table === LEDGER)).toEqual({
      table: LEDGER,
      rows: COUNTS.drillOrders,
      state: "equal",
    });
    const since = found.tables.filter(({ state }) => state === "since").map(({ table }) => table);
    expect(since).toEqual(["meta.backup_runs"]);
    expect(found.queries).toBeGreaterThan(20);
    await journalDrill(shop.schema.warehouse, found);
    const rows = await shop.server.sql<{ metric_name: string; metric_value: number }>(
      "SELECT metric_name, metric_value FROM meta.sli_daily FINAL WHERE table_name = 'restore_drill' ORDER BY 1",
    );
    // Of some numbers that ClickHouse reads from text the last bit is another one.
    expect(rows).toEqual([
      { metric_name: "problems", metric_value: 0 },
      { metric_name: "rpo_seconds", metric_value: expect.closeTo(found.rpoSeconds, 6) as number },
      { metric_name: "rto_seconds", metric_value: expect.closeTo(found.rtoSeconds, 6) as number },
    ]);
  });

  it("tells a table that has been written since from one that is not as it was", async () => {
    await shop.run("INSERT INTO zakaz.plan_sales (sales_date) VALUES ('2030-01-01')");
    const found = await tryOn("25.8.2", shop);
    expect(found.problems).toEqual([]);
    expect(found.tables.find(({ table }) => table === "zakaz.plan_sales")).toMatchObject({
      rows: 0,
      state: "since",
    });
  });

  it("fails when a byte of the data is another one", async () => {
    const part = join(shop.server.backups, name, "data/zakaz/fact_qtickets_orders");
    const file = join(part, readdirSync(part)[0]!, "data.bin");
    const wide = join(part, readdirSync(part)[0]!, "revenue.bin");
    const damaged = readdirSync(join(part, readdirSync(part)[0]!)).includes("data.bin") ? file : wide;
    const content = readFileSync(damaged);
    content[content.length >> 1]! ^= 1;
    writeFileSync(damaged, content);
    const found = await tryOn("25.8.2", shop);
    expect(found.problems.join("; ")).toMatch(
      /fact_qtickets_orders (has parts that are not as they were written|cannot be read)|cannot be restored/,
    );
    content[content.length >> 1]! ^= 1;
    writeFileSync(damaged, content);
  });
});

describe("an upgrade from 24.8.4 to 25.8.2", () => {
  let shop: BackedUp;
  beforeAll(async () => {
    shop = await BackedUp.start({ version: "24.8.4" });
    await shop.insertOrders(0, COUNTS.drillOrders);
  });
  afterAll(() => shop.stop());

  it("is refused beforehand where the new version has not what the data need", async () => {
    await shop.run(
      "CREATE TABLE zakaz.planted (a Int32) ENGINE = MongoDB('127.0.0.1:1', 'd', 'c', 'u', 'p')",
    );
    await shop.take("full");
    const found = await tryOn("25.8.2", shop);
    expect(found.problems[0]).toMatch(/cannot be restored: ClickHouse says \d+ \w+: .*MongoDB/);
    await shop.run("DROP TABLE zakaz.planted SYNC");
  });

  it("is rehearsed with the backup, and then loses no row", async () => {
    // A name has the second of its start.
    await sleep(1_100);
    await shop.take("full");
    const found = await tryOn("25.8.2", shop);
    expect(found).toMatchObject({
      problems: [],
      serverVersion: expect.stringMatching(/^25\.8\.2/) as string,
    });
    expect(found.tables.find(({ table }) => table === LEDGER)).toMatchObject({
      rows: COUNTS.drillOrders,
      state: "equal",
    });

    const contents = () => contentsOf(shop.schema.warehouse);
    const before = await contents();
    await shop.server.upgrade("25.8.2");
    expect(await contents()).toEqual(before);
    expect(await shop.schema.plan()).toMatchObject({ differences: [] });
  });

  it("does not go back: that is said beforehand", () => {
    expect(() => refuseDowngrade("25.8.2.1", "24.8.4.13")).toThrow(
      /^ClickHouse 24\.8\.4\.13 is older than 25\.8\.2\.1, which has written the data: an older server need not start on them/,
    );
    for (const to of ["25.8.2.1", "25.8.10.1", "26.3.1.1"]) refuseDowngrade("25.8.2.1", to);
  });
});
