import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Warehouse } from "../../../warehouse/client";
import { ask } from "../../../warehouse/datalens/connection";
import { DATASETS, fieldsOf } from "../../../warehouse/datalens/datasets";
import { datasetQueries, metadataQueries } from "../../../warehouse/datalens/queries";
import { StatementFailure } from "../../../warehouse/failure";
import { READER_VIEWS } from "../../support/sql";
import { startServer } from "../../support/server";
import { installWarehouse, type ServerWarehouse } from "../sql/server-warehouse";
import { firstLoad } from "../sql/scenario";

let db: ServerWarehouse;
let target: { url: string; user: string; password: string };
let reader: Warehouse;
beforeAll(async () => {
  db = await installWarehouse(await startServer());
  await firstLoad(db);
  target = { url: db.server.httpUrl, user: "datalens_reader", password: db.password("datalens_reader") };
  reader = new Warehouse(target);
});
afterAll(async () => {
  await reader?.close();
  await db?.close();
});

/** Runs the command as the stack does: the target on standard input. */
function checkReader(target: object): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      "node",
      ["ops/zakaz.cjs", "check-reader", "--list", "--target", "-"],
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(JSON.stringify(target));
  });
}

describe("DataLens", () => {
  it("is answered whatever it asks of metadata and datasets, with rows where there are data", async () => {
    const empty: string[] = [];
    for (const query of [...metadataQueries(DATASETS), ...DATASETS.flatMap(datasetQueries)]) {
      const answer = await ask(reader, query.sql);
      if (answer.data.length === 0) empty.push(query.what);
    }
    expect(empty).toEqual([]);
  });

  it("finds in each dataset the columns of its view, no more and no fewer", async () => {
    for (const dataset of DATASETS) {
      const columns = await ask(reader, `DESCRIBE TABLE ${dataset.view}`);
      expect([...fieldsOf(dataset)].sort(), dataset.name).toEqual(columns.data.map(([name]) => name).sort());
    }
  });

  it("gets ratios over sums", async () => {
    const roi = DATASETS.find(({ name }) => name === "ds_roi_daily")!;
    const totals = datasetQueries(roi).find(({ what }) => what === "ds_roi_daily: totals")!;
    const answer = await ask(reader, totals.sql);
    const row = Object.fromEntries(answer.meta.map(({ name }, i) => [name, Number(answer.data[0]![i])]));
    expect(row).toMatchObject({ spend: 1051.1, clicks: 35 });
    expect(row["total_roas"]).toBeCloseTo(row["revenue"]! / 1051.1, 9);
    expect(row["total_cpc"]).toBeCloseTo(1051.1 / 35, 9);
  });

  it.each(READER_VIEWS)("reads %s with its settings and with a time limit", async (view) => {
    for (const settings of [{}, { max_execution_time: "290" }, { join_use_nulls: "0" }]) {
      await expect(ask(reader, `SELECT * FROM ${view} LIMIT 10`, { settings })).resolves.toHaveProperty(
        "meta",
      );
    }
  });

  it.each(["0", "1"])("is refused with readonly=%s", async (readonly) => {
    const refused = ask(reader, "SELECT 1", { settings: { readonly } });
    await expect(refused).rejects.toBeInstanceOf(StatementFailure);
    await expect(refused).rejects.toHaveProperty("code", 164);
  });
});

describe("zakaz check-reader", () => {
  it("lists every query with rows and time, and sums up", async () => {
    const result = await checkReader(target);
    expect(result.stderr).toBe("");
    expect(result.code).toBe(0);
    const queries = metadataQueries(DATASETS).length + DATASETS.flatMap(datasetQueries).length;
    expect(queries).toBe(93);
    const lines = result.stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(queries + 1);
    expect(lines.at(-1)).toMatch(
      /^datalens_reader at http:\S+, as DataLens connects: 93 queries on 10 datasets answered in \d+ ms \(slowest: .+, \d+ ms\); 5 forbidden ones refused\.$/,
    );
  });

  it("says in one sentence what was not answered, and why, without the password", async () => {
    const wrong = await checkReader({ ...target, password: "quite-another" });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(
      /^zakaz: datalens_reader at \S+ got no answer to "connection test" \(select 1\): .*ClickHouse says 516 AUTHENTICATION_FAILED: /,
    );
    expect(wrong.stderr).not.toContain("quite-another");
    const away = await checkReader({ ...target, url: "http://127.0.0.1:9" });
    expect(away.code).toBe(1);
    expect(away.stderr).not.toMatch(/\n\s+at /);
  });

  it("fails when the reader may do more than it should", async () => {
    await db.server.client(["-q", "GRANT SELECT ON zakaz.fact_qtickets_orders TO role_bi_reader"]);
    const result = await checkReader(target);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("reading a table is not refused");
    await db.server.client(["-q", "REVOKE SELECT ON zakaz.fact_qtickets_orders FROM role_bi_reader"]);
  });
});
