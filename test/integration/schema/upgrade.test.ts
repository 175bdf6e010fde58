import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applySchema } from "../../../warehouse/schema/apply";
import { describeObjects } from "../../../ops/actions/schema-show";
import { Warehouse } from "../../../warehouse/client";
import { startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { ROOT } from "../../support/stack";
import { derive } from "../sql/scenario";
import { installWarehouse, type ServerWarehouse } from "../sql/server-warehouse";
import { dataColumns, fill, fingerprint, firstLandedSql, ROWS, sqlIn, writeChangedSql } from "./upgrade";

/** Folder with a `sql/` that is today's and a bit more. */
let changed: string;
beforeAll(() => {
  changed = mkdtempSync(join(tmpdir(), "zt-changed-"));
  writeChangedSql(changed);
});
afterAll(() => rmSync(changed, { recursive: true, force: true }));

/** The way by which commands reach a server of a test. */
function warehouseOf({ server }: ServerWarehouse): Warehouse {
  const { httpUrl: url, adminPassword: password } = server;
  return new Warehouse({ container: "none", url, user: "admin", password });
}

/** SHOW CREATE and DESCRIBE of every object, by name. */
async function texts(db: ServerWarehouse): Promise<Record<string, string>> {
  const warehouse = warehouseOf(db);
  try {
    return Object.fromEntries(await describeObjects(warehouse));
  } finally {
    await warehouse.close();
  }
}

/** Brings a server to the `sql/` in a folder, as `pulumi up` does; number of statements, and seconds. */
async function upgrade(db: ServerWarehouse, root: string): Promise<{ run: number; seconds: number }> {
  const warehouse = warehouseOf(db);
  try {
    const began = performance.now();
    const run = await applySchema(warehouse, { root, allow: [], force: false, say: () => undefined });
    return { run, seconds: (performance.now() - began) / 1000 };
  } finally {
    await warehouse.close();
  }
}

// Each part stands on what the part before it has left.
describe.each(COUNTS.versions)("a first landed database on ClickHouse %s", (version) => {
  let old: ServerWarehouse;
  let columns: Map<string, string[]>;
  let before: Record<string, string[]>;
  beforeAll(async () => {
    old = await installWarehouse(await startServer({ version }), firstLandedSql());
    await fill(old);
    columns = await dataColumns(old);
    before = await fingerprint(old, columns);
  });
  afterAll(() => old?.close());

  it("holds 100 000 rows in each big table", () => {
    const big = Object.entries(before).filter(([, [rows]]) => Number(rows) === ROWS);
    expect(big.map(([table]) => table)).toEqual([
      "zakaz.fact_qtickets_inventory",
      "zakaz.fact_qtickets_orders",
      "zakaz.fact_qtickets_sales_daily",
      "zakaz.stg_qtickets_api_inventory_raw",
      "zakaz.stg_qtickets_api_orders_raw",
    ]);
  });

  it.each([
    ["today's sql/", () => ROOT],
    ["one with new columns, a changed view, comments, a wider type, a longer TTL", () => changed],
  ])("upgraded to %s: equal to a fresh install, every row as it was", async (_, root) => {
    const { run, seconds } = await upgrade(old, root());
    process.stdout.write(`ClickHouse ${version}: ${run} statements in ${seconds.toFixed(2)} s\n`);
    expect(run).toBeGreaterThan(0);

    const fresh = await installWarehouse(await startServer({ version }), sqlIn(root()));
    try {
      expect(await texts(old)).toEqual(await texts(fresh));
    } finally {
      await fresh.close();
    }
    const { "zakaz.dim_city_alias": seeds, ...rows } = await fingerprint(old, columns);
    const { "zakaz.dim_city_alias": noSeeds, ...rowsBefore } = before;
    expect(rows).toEqual(rowsBefore);
    expect([noSeeds![0], Number(seeds![0])]).toEqual(["0", expect.any(Number)]);
    expect((await upgrade(old, root())).run).toBe(0);
  });

  it("is still loaded and read as ever", async () => {
    await derive(old, 2_000_000_000_000);
    const [row] = await old.rows("SELECT count() > 0, sum(revenue) > 0 FROM zakaz.v_qtickets_sales_latest", {
      as: "datalens_reader",
    });
    expect(row).toEqual(["1", "1"]);
  });
});
