import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { must, ROOT, run, TestStack } from "../support/stack";

/** Schema of a running stack: changes by hand and edits of sql/, in preview, `zakaz schema diff` and up. */
const stack = new TestStack(`e2esch${process.pid}`);
const { server } = stack;

/** Changes a file of the stack's own copy of sql/. */
function edit(file: string, from: string, to: string): void {
  const path = join(stack.project, "sql", file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${from} is not in ${file}`);
  writeFileSync(path, text.replace(from, to));
}

const restore = (file: string): void => cpSync(join(ROOT, "sql", file), join(stack.project, "sql", file));

interface Preview {
  steps: { op: string; urn: string; newState?: { inputs?: { environment?: Record<string, string> } } }[];
}

/** What a preview would change, and the state that it foresees for the schema. */
async function preview(): Promise<{ changes: string[]; schema: string | undefined }> {
  const { stdout, stderr } = await stack.pulumi("preview", "--json");
  const start = stdout.indexOf("{");
  if (start < 0) throw new Error(stdout + stderr);
  const { steps } = JSON.parse(stdout.slice(start)) as Preview;
  const named = steps.map((step) => ({ ...step, name: step.urn.split("::").at(-1) }));
  return {
    changes: named.filter(({ op }) => op !== "same").map(({ op, name }) => `${op} ${name}`),
    schema: named.find(({ name }) => name === "schema-apply")?.newState?.inputs?.environment?.["ZAKAZ_STATE"],
  };
}

async function expectClean(): Promise<void> {
  const { code, stdout } = await stack.pulumi("preview", "--expect-no-changes");
  expect({ code, stdout }).toMatchObject({ code: 0 });
}

const rows = () =>
  stack.sql("SELECT sales_date, plan_tickets, plan_revenue FROM zakaz.plan_sales FINAL ORDER BY ALL");

beforeAll(async () => {
  await stack.configure({ settings: { load: "none" } });
  await stack.up();
  await stack.sql(
    "INSERT INTO zakaz.plan_sales (sales_date, plan_tickets, plan_revenue) VALUES ('2026-01-01', 7, 7.5)",
  );
});

afterAll(() => stack.remove());

describe("the schema of a running stack", () => {
  it("is as sql/ says after the first up, and stays so", async () => {
    const diff = await stack.zakaz("schema", "diff");
    expect(diff).toEqual({
      code: 0,
      stdout: `${server} is as sql/ says: 3 databases, 42 tables and views, revision 1\n`,
      stderr: "",
    });
    await expectClean();
    const again = await stack.zakaz("schema", "apply");
    expect(again).toMatchObject({ code: 0, stdout: `Schema of ${server}: nothing to do\n` });
  });

  it("shows a change by hand in the preview and in detail, and up fixes it", async () => {
    await stack.sql(`ALTER TABLE zakaz.plan_sales COMMENT COLUMN city 'by hand';
      ALTER TABLE zakaz.plan_sales ADD COLUMN extra UInt8;
      DROP VIEW zakaz.v_romi_daily;`);
    expect(await preview()).toEqual({
      changes: ["update schema-apply"],
      schema: "2: zakaz.plan_sales: column city: comment; zakaz.v_romi_daily: view missing",
    });
    const told = await stack.pulumi("preview");
    expect(told.stdout).toContain("warning: zakaz.plan_sales: column extra is not in sql/; it may hold data");

    const diff = await stack.zakaz("schema", "diff");
    expect(diff.code).toBe(1);
    expect(diff.stdout).toContain(
      "  column city: comment   [in place]\n    wanted  canonical city, empty = all\n    found   by hand\n",
    );
    expect(diff.stdout).toContain("  column extra is not in sql/   [left alone]\n");
    expect(diff.stdout).toContain("zakaz.v_romi_daily\n  view missing   [in place]\n");
    expect(diff.stdout).toContain(`3 differences between ${server} and sql/: 2 in place, 1 left alone.`);

    await stack.up();
    await expectClean();
    expect((await stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")).code).toBe(0);
    expect(await rows()).toBe("2026-01-01\t7\t7.5");
    expect(
      await stack.sql("SELECT count() FROM zakaz.v_romi_daily; SELECT sum(extra) FROM zakaz.plan_sales"),
    ).toBe("0\n0");
    await stack.sql("ALTER TABLE zakaz.plan_sales DROP COLUMN extra");
    expect((await stack.zakaz("schema", "diff")).code).toBe(0);
  });

  it("gets a new column and a changed view in place", async () => {
    edit(
      "32_facts.sql",
      "planned revenue, roubles',",
      "planned revenue, roubles',\n    plan_note String DEFAULT 'none' COMMENT 'why',",
    );
    edit("51_views_bi.sql", "s.refunds_amount AS refunds", "s.refunds_amount + 0 AS refunds");
    expect(await preview()).toEqual({
      changes: ["update schema-apply"],
      schema: "3: zakaz.plan_sales: column plan_note missing; bi.v_sales_daily: query",
    });
    await stack.up();
    await expectClean();
    expect(await stack.sql("SELECT plan_tickets, plan_note FROM zakaz.plan_sales")).toBe("7\tnone");
  });

  it("survives a new container over the same data, and the old literal command", async () => {
    await stack.set("nofile", "20000");
    await stack.up();
    await expectClean();
    const input = ["30_staging.sql", "32_facts.sql", "50_views.sql", "60_city_aliases.sql"]
      .map((file) => readFileSync(join(stack.project, "sql", file), "utf8"))
      .join("\n");
    const client = ["exec", "-i", "-e", "CLICKHOUSE_PASSWORD", server, "clickhouse-client"];
    const env = { ...process.env, CLICKHOUSE_PASSWORD: stack.secrets.adminPassword };
    await must(run("docker", [...client, "--user=admin", "--multiquery"], { env, input }));
    await expectClean();
    expect(await rows()).toBe("2026-01-01\t7\t7.5");
  });

  it("refuses a destructive edit in preview and up with one sentence, and touches nothing", async () => {
    const before = await stack.sql("SHOW CREATE TABLE zakaz.plan_sales FORMAT TSVRaw");
    edit("32_facts.sql", "ORDER BY (sales_date, event_id, city)", "ORDER BY (sales_date, event_id)");
    edit("31_dimensions.sql", "'why the alias exists'", "'another comment'");
    const sentence =
      "error: zakaz.plan_sales: sorting key is (sales_date, event_id, city), sql/ wants (sales_date, event_id); the sorting key of a table is fixed, its rows must be copied into a new one. Nothing was touched. Undo the edit in sql/, or write the change as the next numbered file in sql/migrations/ (see sql/README.md)\n";
    for (const verb of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const refused = await stack.pulumi(...verb);
      expect(refused.code).not.toBe(0);
      expect(refused.stdout).toContain(sentence);
      expect(refused.stdout).not.toMatch(/\n\s+at /);
    }
    expect((await stack.zakaz("schema", "apply")).code).toBe(1);
    expect(await stack.sql("SHOW CREATE TABLE zakaz.plan_sales FORMAT TSVRaw")).toBe(before);
    expect(
      await stack.sql("SELECT comment FROM system.columns WHERE table = 'dim_city_alias' AND name = 'note'"),
    ).toBe("why the alias exists");
    restore("31_dimensions.sql");
    edit(
      "32_facts.sql",
      "ORDER BY (sales_date, event_id)\nCOMMENT",
      "ORDER BY (sales_date, event_id, city)\nCOMMENT",
    );
    await expectClean();
  });

  it("says in one line that a stopped server does not answer, and goes on", async () => {
    await run("docker", ["stop", server]);
    try {
      const { code, stdout } = await stack.pulumi("preview", "--expect-no-changes");
      expect(stdout).toContain(
        "warning: ClickHouse does not answer, so whether its schema and access have drifted is not known",
      );
      expect(code).toBe(0);
      const diff = await stack.zakaz("schema", "diff");
      expect(diff.code).toBe(1);
      expect(diff.stderr).toContain(`start it with docker start ${server}, or make up`);
    } finally {
      await run("docker", ["start", server]);
    }
  });
});
