import { createHash } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writtenTables } from "../../loaders/sources";
import { newPassword } from "../../ops/password";
import { loaderTables } from "../../warehouse/access/agreements";
import { matrixOf, runCells, formatOutcome } from "../../warehouse/access/matrix/run";
import { users } from "../../warehouse/catalogue";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import { must, resourceOf, ROOT, run, TestStack } from "../support/stack";

/**
 * Schema and access of a running stack: what is changed by hand, in `sql/` and by configuration is seen by preview and in detail,
 * and brought about by up, without a restart of the server.
 */
const stack = new TestStack(`e2edrift${process.pid}`);
const { secrets, server } = stack;
const MATRIX = matrixOf(loaderTables(writtenTables()));

/** What a preview would change, and the state that it foresees for those of them that are compared with the server. */
async function preview(): Promise<Record<string, string>> {
  return Object.fromEntries(
    (await stack.preview()).map(({ op, urn, newState }) => {
      const environment = newState?.inputs?.["environment"] as Record<string, string> | undefined;
      return [`${op} ${resourceOf(urn)}`, environment?.["ZAKAZ_STATE"] ?? ""];
    }),
  );
}

/** Answers what was said. */
async function expectNoChange(...verb: string[]): Promise<string> {
  const { code, stdout, stderr } = await stack.pulumi(...verb, "--expect-no-changes");
  const said = stdout + stderr;
  expect(said).not.toContain("error:");
  expect(code, said).toBe(0);
  return said;
}

async function expectAccessClean(): Promise<void> {
  const diff = await stack.zakaz("access", "diff");
  expect(diff.stdout).toBe("Access is as declared in sql/10_access.sql: nothing missing, nothing surplus.\n");
  expect(diff.code).toBe(0);
}

/** Changes a file of the stack's own copy of sql/. */
function edit(file: string, from: string, to: string): void {
  const path = join(stack.project, "sql", file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${from} is not in ${file}`);
  writeFileSync(path, text.replace(from, to));
}

const restore = (file: string): void => cpSync(join(ROOT, "sql", file), join(stack.project, "sql", file));

const rows = () =>
  stack.sql("SELECT sales_date, plan_tickets, plan_revenue FROM zakaz.plan_sales FINAL ORDER BY ALL");

/** How often the server has started. */
async function starts(): Promise<number> {
  const { stdout } = await run("docker", ["logs", server]);
  return stdout.split("Listening for http://").length - 1;
}

async function loginCode(user: string, password: string): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${stack.httpPort}/?query=SELECT%201`, {
    headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password, Connection: "close" },
  });
  return response.headers.get("x-clickhouse-exception-code");
}

beforeAll(async () => {
  await stack.configure({ settings: { load: "none" } });
  await stack.up();
  await stack.sql(
    "INSERT INTO zakaz.plan_sales (sales_date, plan_tickets, plan_revenue) VALUES ('2026-01-01', 7, 7.5)",
  );
});

afterAll(() => stack.remove());

describe("schema and access of a running stack", () => {
  it("are as declared after the first up, and stay so, unjournaled, when applied again", async () => {
    await expectNoChange("preview");
    expect(await stack.zakaz("schema", "diff")).toEqual({
      code: 0,
      stdout: `${server} is as sql/ says: 3 databases, 42 tables and views, revision 1\n`,
      stderr: "",
    });
    await expectAccessClean();
    const journal = "SELECT count() FROM meta.schema_migrations";
    const before = [await starts(), await stack.sql(journal)];
    expect(await stack.zakaz("schema", "apply")).toMatchObject({
      code: 0,
      stdout: `Schema of ${server}: nothing to do\n`,
    });
    const apply = await stack.zakaz("access", "apply");
    expect(apply.stdout).toMatch(/^Access is as declared in sql\/10_access\.sql \(0 fixed, [\d.]+ s\)\.\n$/);
    expect([await starts(), await stack.sql(journal)]).toEqual(before);
  });

  it("give everybody what the matrix says, and nothing else", async () => {
    await stack.sql("SYSTEM FLUSH LOGS");
    const passwords = {
      etl_writer: secrets.loaderPassword,
      datalens_reader: secrets.datalensPassword,
      backup_user: secrets.backupPassword,
      zakaz_monitor: secrets.monitorPassword,
    };
    const admin = {
      url: `http://127.0.0.1:${stack.httpPort}`,
      user: users.admin,
      password: secrets.adminPassword,
    };
    const outcomes = await withWarehouse(new Warehouse(admin), (warehouse) =>
      runCells(warehouse, passwords, MATRIX),
    );
    expect(outcomes.filter(({ right }) => !right).map(formatOutcome)).toEqual([]);
    expect(outcomes).toHaveLength(MATRIX.length);
  });

  it("are checked by hand with what can do no harm", async () => {
    const check = await stack.zakaz("access", "check");
    expect(check.stderr).toBe("");
    expect(check.stdout.split("\n")).toContain("datalens_reader: 27 allowed, 60 refused");
    const harmless = MATRIX.filter((cell) => cell.harmful !== true).length;
    expect(check.stdout).toContain(`All ${harmless} cells are as declared`);
    expect(check.code).toBe(0);
  });
});

describe("a change by hand", () => {
  const undeclared = [
    "the user stranger is not declared: add it to sql/10_access.sql, or remove it with DROP USER stranger",
    "the row policy narrow ON zakaz.dim_events is not declared: add it to sql/10_access.sql, or remove it with DROP ROW POLICY narrow ON zakaz.dim_events",
  ];
  const surplus = "zakaz.plan_sales: column extra is not in sql/; it may hold data";
  const refused = "datalens_reader is refused with its configured password";
  const byHand = "By-hand-123!";

  it("shows in the preview: what up will fix, and what it will leave", async () => {
    await stack.sql(`
      ALTER TABLE zakaz.plan_sales COMMENT COLUMN city 'by hand';
      ALTER TABLE zakaz.plan_sales ADD COLUMN extra UInt8;
      DROP VIEW zakaz.v_romi_daily;
      REVOKE SELECT ON bi.v_sales_daily FROM role_bi_reader;
      GRANT SELECT ON zakaz.dim_events TO role_bi_reader;
      ALTER SETTINGS PROFILE backup_profile SETTINGS readonly = 0, log_queries = 1 CONST,
        max_memory_usage = 1073741824, max_threads = 2, max_execution_time = 7200,
        max_concurrent_queries_for_user = 2, allow_ddl = 0 CONST, allow_introspection_functions = 0 CONST;
      ALTER USER etl_writer HOST ANY;
      ALTER USER datalens_reader IDENTIFIED WITH plaintext_password BY '${byHand}';
      CREATE USER stranger IDENTIFIED BY 'Strange-1' VALID UNTIL '2100-01-01';
      GRANT SELECT ON zakaz.* TO stranger;
      CREATE ROW POLICY narrow ON zakaz.dim_events USING 1 TO stranger`);
    expect(await loginCode("datalens_reader", byHand)).toBeNull();
    expect(await preview()).toEqual({
      "update schema-apply": "2: zakaz.plan_sales: column city: comment; zakaz.v_romi_daily: view missing",
      "update access-apply": `2: ${refused}; role_bi_reader has SELECT ON zakaz.dim_events, which is not declared; and 4 more`,
    });
    const told = await stack.pulumi("preview");
    for (const sentence of [surplus, ...undeclared]) expect(told.stdout).toContain(`warning: ${sentence}`);
  });

  it("shows in detail", async () => {
    const schema = await stack.zakaz("schema", "diff");
    expect(schema.code).toBe(1);
    expect(schema.stdout).toContain(
      "  column city: comment   [in place]\n    wanted  canonical city, empty = all\n    found   by hand\n",
    );
    expect(schema.stdout).toContain("  column extra is not in sql/   [left alone]\n");
    expect(schema.stdout).toContain("zakaz.v_romi_daily\n  view missing   [in place]\n");
    expect(schema.stdout).toContain(`3 differences between ${server} and sql/: 2 in place, 1 left alone.`);

    const access = await stack.zakaz("access", "diff");
    const sentences = access.stdout.split("\n").filter((line) => line !== "" && !line.startsWith(" "));
    expect(sentences).toEqual([
      `${refused}: set the wanted one with pulumi config set --secret zakaz:datalensPassword and pulumi up`,
      "role_bi_reader has SELECT ON zakaz.dim_events, which is not declared",
      "role_bi_reader lacks SELECT ON bi.v_sales_daily",
      "backup_profile: max_memory_usage is 1073741824, declared 1073741824 MAX 1073741824",
      "datalens_reader is identified with plaintext_password, declared sha256_password",
      expect.stringMatching(/^etl_writer may come from ANY, declared [\d./]+, LOCAL$/),
      ...undeclared,
    ]);
    expect(access.stdout).toContain("    REVOKE SELECT ON zakaz.dim_events FROM role_bi_reader;\n");
    // Once for each of the two sentences about the password.
    const fixes = access.stdout.match(
      /^ {4}ALTER USER datalens_reader IDENTIFIED WITH sha256_hash BY '…' HOST .*;$/gm,
    );
    expect(new Set(fixes).size).toBe(1);
    expect(fixes).toHaveLength(2);
    expect(access.stderr).toContain(
      "6 to be fixed by npx zakaz access apply (or make up), 2 for you to decide",
    );
    expect(access.code).toBe(1);
  });

  it("is fixed by up, without a restart; what may be somebody's is left, and said", async () => {
    const before = await starts();
    const said = await stack.up();
    expect(await starts()).toBe(before);
    for (const sentence of undeclared) expect(said).toContain(sentence);
    expect(await loginCode("datalens_reader", byHand)).toBe("516");
    expect(await loginCode("datalens_reader", secrets.datalensPassword)).toBeNull();

    const warned = await expectNoChange("preview");
    for (const sentence of [surplus, ...undeclared]) expect(warned).toContain(`warning: ${sentence}`);
    await expectNoChange("refresh", "--yes", "--skip-preview");
    const left = await stack.zakaz("access", "diff");
    expect(left.stdout).toBe(`${undeclared.join("\n")}\n`);
    expect(left.stderr).toContain(
      "0 to be fixed by npx zakaz access apply (or make up), 2 for you to decide",
    );
    expect(left.code).toBe(1);
    expect(await stack.sql("SHOW GRANTS FOR stranger")).toBe("GRANT SELECT ON zakaz.* TO stranger");
    expect(await rows()).toBe("2026-01-01\t7\t7.5");
    expect(
      await stack.sql("SELECT count() FROM zakaz.v_romi_daily; SELECT sum(extra) FROM zakaz.plan_sales"),
    ).toBe("0\n0");

    await stack.sql(`ALTER TABLE zakaz.plan_sales DROP COLUMN extra;
      DROP ROW POLICY narrow ON zakaz.dim_events; DROP USER stranger`);
    expect((await stack.zakaz("schema", "diff")).code).toBe(0);
    await expectAccessClean();
  });
});

describe("a change by configuration", () => {
  it("of a password and of a further reader is all the preview shows, and is brought about", async () => {
    const [previous, annas] = [secrets.backupPassword, newPassword()];
    await stack.setSecret("backupPassword");
    await stack.setPart("readers[0].name", "anna");
    await stack.setPart("readers[0].views[0]", "bi.v_sales_daily");
    await stack.setSecretPart("readers[0].password", annas);
    // The backup container's file is the one that has its password.
    expect(await stack.changes()).toEqual(["update access-apply", "update backup-settings"]);
    await stack.up();
    expect(await loginCode("backup_user", previous)).toBe("516");
    expect(await loginCode("backup_user", secrets.backupPassword)).toBeNull();
    expect(await loginCode("anna", annas)).toBeNull();
    expect((await stack.zakaz("access", "check")).stdout).toMatch(/^anna: 2 allowed, \d+ refused$/m);

    await stack.pulumi("config", "rm", "zakaz:readers");
    await stack.up();
    expect(await loginCode("anna", annas)).toBe("516");
    expect(await loginCode("datalens_reader", secrets.datalensPassword)).toBeNull();
    await expectAccessClean();
  });

  it("keeps of the users' passwords nothing but hashes", async () => {
    const { stdout: state } = await stack.pulumi("stack", "export");
    const backup = secrets.backupPassword;
    expect(state).toContain(createHash("sha256").update(backup).digest("hex"));
    // With secrets decrypted: the backup user's password is in the file of the backup container and nowhere else.
    const { stdout: open } = await stack.pulumi("stack", "export", "--show-secrets");
    expect(open).toContain(secrets.datalensPassword);
    const { deployment } = JSON.parse(open) as { deployment: { resources: { urn: string }[] } };
    const holders = deployment.resources.filter((one) => JSON.stringify(one).includes(backup));
    expect(holders.map(({ urn }) => resourceOf(urn))).toEqual(["backup-settings"]);
    expect(state).not.toContain(backup);
  });
});

describe("a change of sql/", () => {
  it("gives a new column and a changed view in place", async () => {
    edit(
      "32_facts.sql",
      "planned revenue, roubles',",
      "planned revenue, roubles',\n    plan_note String DEFAULT 'none' COMMENT 'why',",
    );
    edit("51_views_bi.sql", "s.refunds_amount AS refunds", "s.refunds_amount + 0 AS refunds");
    expect(await preview()).toEqual({
      "update schema-apply": "3: zakaz.plan_sales: column plan_note missing; bi.v_sales_daily: query",
    });
    await stack.up();
    expect(await stack.sql("SELECT plan_tickets, plan_note FROM zakaz.plan_sales")).toBe("7\tnone");
  });

  it("survives the old literal command", async () => {
    const input = ["30_staging.sql", "32_facts.sql", "50_views.sql", "60_city_aliases.sql"]
      .map((file) => readFileSync(join(stack.project, "sql", file), "utf8"))
      .join("\n");
    const client = ["exec", "-i", "-e", "CLICKHOUSE_PASSWORD", server, "clickhouse-client"];
    const env = { ...process.env, CLICKHOUSE_PASSWORD: stack.secrets.adminPassword };
    await must(run("docker", [...client, "--user=admin", "--multiquery"], { env, input }));
    await expectNoChange("preview");
    expect(await rows()).toBe("2026-01-01\t7\t7.5");
  });

  it("that is destructive is refused in preview and up with one sentence, and touches nothing", async () => {
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
    await expectNoChange("preview");
  });
});

describe("a stopped server", () => {
  it("is said in one line not to answer, and the preview goes on", async () => {
    await run("docker", ["stop", server]);
    try {
      expect(await expectNoChange("preview")).toContain(
        "warning: ClickHouse does not answer, so whether its schema and access have drifted is not known",
      );
      const diff = await stack.zakaz("schema", "diff");
      expect(diff.code).toBe(1);
      expect(diff.stderr).toContain(`start it with docker start ${server}, or make up`);
    } finally {
      await run("docker", ["start", server]);
    }
  });
});
