import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleOf } from "../support/soak";
import { dockerLines, must, run, TestStack } from "../support/stack";

/** Nothing is lost: each loss of a protected stack, and the documented commands that bring everything back. */
const stack = new TestStack(`bak${process.pid}`);
const dataVolume = `zakaz-clickhouse-data-${stack.instance}`;
const backupContainer = `zakaz-backup-${stack.instance}`;
const backupsVolume = `zakaz-clickhouse-backups-${stack.instance}`;

const contents = () =>
  stack.sql(`SELECT * FROM (
    SELECT 'lines', count(), sum(cityHash64(formatRow('TSV', *))) FROM zakaz.stg_qtickets_api_orders_raw FINAL
    UNION ALL SELECT 'ledger', count(), sum(cityHash64(formatRow('TSV', *))) FROM zakaz.fact_qtickets_orders FINAL
    UNION ALL SELECT 'daily', count(), sum(cityHash64(formatRow('TSV', *))) FROM zakaz.fact_qtickets_sales_daily FINAL
    UNION ALL SELECT 'plan', count(), sum(cityHash64(formatRow('TSV', *))) FROM zakaz.plan_sales FINAL) ORDER BY 1`);
let before: string;

beforeAll(async () => {
  await stack.configure({ settings: { load: "none", protectData: "true" } });
  await stack.up();
  await stack.zakazOutput("load");
  // Rows that no load would bring back.
  await stack.zakazOutput("plan", "loaders/sales-plan/example.csv");
  before = await contents();
  expect(before).toMatch(/^plan\t[1-9]/m);
});

afterAll(() => stack.remove());

describe("a protected stack", () => {
  it("lets no volume go without a verified backup", async () => {
    const { code, stderr } = await stack.zakaz("release-data", dataVolume);
    expect(stderr).toBe(
      `zakaz: A verified backup of the last 24 hours is needed to let ${dataVolume} go, and there is none: npx zakaz backup makes one\n`,
    );
    expect(code).toBe(1);
    const destroy = await stack.pulumi("destroy", "--yes");
    expect(destroy.code).not.toBe(0);
    expect(destroy.stdout + destroy.stderr).toContain("protected");
    expect(await contents()).toBe(before);
  });

  it("makes a backup, of which nobody but the backup container has the password", async () => {
    expect(JSON.parse(await stack.zakazOutput("backup", "--json"))).toMatchObject({
      kind: "full",
      verified: true,
    });
    expect(await stack.zakazOutput("backup")).toMatch(
      /^\S+-incr on \S+-full: \d+ files, .* made and verified/,
    );
    expect((await stack.pulumi("stack", "export")).stdout).not.toContain(stack.secrets.backupPassword);
    const inspected = await run("docker", ["inspect", ...(await stack.containerIds())]);
    expect(inspected.stdout).not.toContain(stack.secrets.backupPassword);
    const file = ["exec", backupContainer, "stat", "-c", "%a %u %g", "/etc/zakaz/backup.json"];
    expect((await run("docker", file)).stdout).toBe("400 101 101\n");
  });

  it("passes the drill on a throw-away server, which is gone afterwards", async () => {
    const containers = await stack.containerIds();
    const said = await stack.zakazOutput("drill");
    expect(said).toMatch(/25 tables with \d+ rows, every part as it was written/);
    expect(said).toMatch(/^RPO .*, RTO .*$/m);
    expect(await stack.containerIds()).toEqual(containers);
    const journaled =
      "SELECT count() FROM meta.sli_daily FINAL WHERE table_name = 'restore_drill' AND metric_name = 'rto_seconds'";
    expect(await stack.sql(journaled)).toBe("1");
  });

  const losses: [string, string, string[], boolean][] = [
    ["a dropped table", "DROP TABLE zakaz.plan_sales SYNC", ["plan_sales"], true],
    [
      "a truncated fact",
      "TRUNCATE TABLE zakaz.fact_qtickets_sales_daily",
      ["fact_qtickets_sales_daily"],
      false,
    ],
    [
      "a wrong DELETE",
      "DELETE FROM zakaz.fact_qtickets_orders WHERE tickets_sold > 0",
      ["fact_qtickets_orders"],
      false,
    ],
  ];
  it.each(sampleOf(losses))("is as before after %s", async (_, statement, tables, isGone) => {
    await stack.sql(statement);
    const names = tables.map((table) => `zakaz.${table}`);
    if (isGone) await stack.up();
    await stack.zakazOutput("restore", "--table", ...names, ...(isGone ? [] : ["--over", ...names]));
    expect(await contents()).toBe(before);
  });

  it("is as before after the loss of the data volume", async () => {
    await stack.zakazOutput("backup");
    expect(await stack.zakazOutput("release-data", dataVolume)).toContain(
      `${dataVolume} is protected no more`,
    );
    await run("docker", ["rm", "-f", stack.server]);
    await must(run("docker", ["volume", "rm", dataVolume]));
    await stack.up("--refresh");
    expect(await contents()).not.toBe(before);
    const refused = await stack.zakaz("restore");
    expect(refused.stderr).toMatch(/^zakaz: There are rows in .*which a restore would replace/m);
    await stack.zakazOutput("restore", "--over", "zakaz", "meta");
    expect(await contents()).toBe(before);
    expect(await stack.changes()).toEqual([]);
  });

  it("is as before after its removal: its volumes stay on the engine, and the next up takes them", async () => {
    await must(stack.pulumi("state", "unprotect", "--all", "--yes"));
    await must(stack.pulumi("destroy", "--yes"));
    const volumes = await dockerLines(
      "volume",
      "ls",
      "--filter",
      `name=${stack.instance}`,
      "--format",
      "{{.Name}}",
    );
    expect(volumes).toEqual(expect.arrayContaining([backupsVolume, dataVolume]));
    await stack.up();
    expect(await contents()).toBe(before);
    expect(await stack.zakazOutput("backup", "--list")).toMatch(
      /the newest that can be restored is \S+-incr/,
    );
  });
});
