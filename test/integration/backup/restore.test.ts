import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fingerprint, inCopy, type Fingerprint } from "../../../warehouse/backup/fingerprint";
import { drop, restoreAs, restoreTables } from "../../../warehouse/backup/restore";
import { BackedUp, contentsOf } from "./support";

/** Bringing data back, as an operator with the rights of `admin` does. */
const LINES = "zakaz.stg_qtickets_api_orders_raw";
const LEDGER = "zakaz.fact_qtickets_orders";

describe("restoring", () => {
  let shop: BackedUp;
  let name: string;
  let before: Fingerprint[];
  const contents = () => contentsOf(shop.schema.warehouse);
  const restore = (tables: string[], over: string[], say: (line: string) => void = () => undefined) =>
    restoreTables(shop.schema.warehouse, { place: shop.place, name, bytes: 1, tables, over, say });

  beforeAll(async () => {
    shop = await BackedUp.start();
    await shop.insertOrders(0, 5000);
    await shop.run(
      "INSERT INTO zakaz.fact_qtickets_sales_daily (sales_date, event_id, city, currency, tickets_sold, revenue) SELECT toDate('2029-12-01') + number, 'e', 'c', 'RUB', 1, number FROM numbers(90)",
    );
    await shop.take("full");
    await shop.insertOrders(5000, 100);
    name = (await shop.take("incr", () => Date.now() + 1000)).name;
    before = await contents();
    expect(before.find(({ table }) => table === LEDGER)?.rows).toBe(5100);
  });
  afterAll(() => shop.stop());

  it("writes over no rows that are not named, and touches nothing then", async () => {
    await expect(restore([], [])).rejects.toThrow(
      /^There are rows in .*zakaz\.stg_qtickets_api_orders_raw.*, which a restore would replace: consent by name, --over meta\.backup_runs zakaz\./,
    );
    await expect(restore([LINES], [LEDGER])).rejects.toThrow(`consent by name, --over ${LINES}`);
    await expect(restore([], ["zakaz.no_such_table"])).rejects.toThrow("consent by name");
    await expect(restore(["zakaz.no_such_table"], [])).rejects.toThrow(
      /zakaz\.no_such_table is no table of the server/,
    );
    await expect(restore([LINES.replace("zakaz.", "")], [])).rejects.toThrow(
      `A table is named with its database: --table ${LINES}`,
    );
    expect(await contents()).toEqual(before);
  });

  it.each([
    ["a wrong DELETE", [`DELETE FROM ${LEDGER} WHERE event_id = '7'`]],
    ["a truncated fact", ["TRUNCATE TABLE zakaz.fact_qtickets_sales_daily", `TRUNCATE TABLE ${LEDGER}`]],
    [
      "rows that do not belong there, in a partition of their own",
      [
        "INSERT INTO zakaz.fact_qtickets_sales_daily (sales_date, event_id, city, currency) VALUES ('2035-05-05', 'x', 'y', 'RUB')",
      ],
    ],
  ])("brings back every row after %s", async (_, statements) => {
    await shop.run(...statements);
    expect(await contents()).not.toEqual(before);
    await restore([LEDGER, "zakaz.fact_qtickets_sales_daily"], [LEDGER, "zakaz.fact_qtickets_sales_daily"]);
    expect(await contents()).toEqual(before);
  });

  it("brings back a dropped table, once the schema is there again, and the materialized view still fills it", async () => {
    await shop.run(`DROP TABLE ${LEDGER} SYNC`);
    await expect(restore([LEDGER], [])).rejects.toThrow(
      `${LEDGER} is no table of the server: npx zakaz schema diff says whether it should be, and pulumi up makes it, then restore again`,
    );
    await shop.schema.apply();
    await restore([LEDGER], []);
    expect(await contents()).toEqual(before);
    await shop.insertOrders(6000, 1);
    expect((await fingerprint(shop.schema.warehouse, LEDGER)).rows).toBe(5101);
    await restore([LINES, LEDGER], ["zakaz"]);
    expect(await contents()).toEqual(before);
  });

  it("brings back what a table and the backup have in common after a change of the table", async () => {
    await shop.run("ALTER TABLE zakaz.plan_sales ADD COLUMN later UInt8 DEFAULT 7");
    await shop.run("INSERT INTO zakaz.plan_sales (sales_date) VALUES ('2030-01-01')");
    await restore(["zakaz.plan_sales"], ["zakaz.plan_sales"]);
    expect((await fingerprint(shop.schema.warehouse, "zakaz.plan_sales")).rows).toBe(0);
    await shop.run("ALTER TABLE zakaz.plan_sales DROP COLUMN later");
  });

  it("brings everything back beside the warehouse, views and materialized view rewritten", async () => {
    const copies = await restoreAs(shop.schema.warehouse, { place: shop.place, name, bytes: 1 }, "look");
    expect(copies.filter(({ table }) => /^zakaz\./.test(table))).toEqual(before);
    const [view] = await shop.server.sql<{ statement: string }>("SHOW CREATE VIEW bi_look.v_sales_daily");
    expect(view?.statement).toContain("zakaz_look.");
    expect(view?.statement).not.toMatch(/\bzakaz\./);
    const [materialized] = await shop.server.sql<{ statement: string }>(
      "SHOW CREATE TABLE zakaz_look.mv_qtickets_sales_latest",
    );
    expect(materialized?.statement).toContain(`TO ${inCopy(LEDGER, "look")}`);
    expect(materialized?.statement).toContain(`FROM ${inCopy(LINES, "look")}`);
    expect(await contents()).toEqual(before);
    await expect(
      restoreAs(shop.schema.warehouse, { place: shop.place, name, bytes: 1 }, "look"),
    ).rejects.toThrow(/There is a database \w+_look already/);
    await drop(shop.schema.warehouse, "look");
  });

  it("waits for a load that is under way", async () => {
    await shop.run(
      "INSERT INTO meta.watermarks (source, stream, wm_type, wm_value) SELECT 'qtickets_api', 'lease', 'ts', formatDateTime(now('UTC') + 60, '%Y-%m-%dT%H:%i:%S+00:00', 'UTC')",
    );
    await expect(restore([LEDGER], [LEDGER])).rejects.toMatchObject({
      exitCode: 4,
      message: /^Job qtickets_api is loading/,
    });
    await shop.run("TRUNCATE TABLE meta.watermarks");
  });

  it("loses nothing when the server is killed in the middle of a restore: the same command begins anew", async () => {
    await shop.run(`TRUNCATE TABLE ${LEDGER}`, `TRUNCATE TABLE ${LINES}`);
    let killed: Promise<void> | undefined;
    const interrupted = restore([], ["zakaz", "meta"], (line) => {
      if (line.startsWith(LEDGER)) killed = shop.server.kill();
    });
    await expect(interrupted).rejects.toThrow();
    await killed;
    await shop.server.start();
    expect(await contents()).not.toEqual(before);
    await restore([], ["zakaz", "meta"]);
    expect(await contents()).toEqual(before);
    expect(await shop.server.sql("SELECT name FROM system.databases WHERE name LIKE '%restoring'")).toEqual(
      [],
    );
  });

  it("says which backup cannot be read, and changes nothing", async () => {
    name = "20300101T000000Z-full";
    await expect(restore([LEDGER], [LEDGER])).rejects.toThrow(
      /^Backup 20300101T000000Z-full was not restored, and no table was changed: ClickHouse says: /,
    );
    expect(await contents()).toEqual(before);
  });
});
