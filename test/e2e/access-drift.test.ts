import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writtenTables } from "../../loaders/sources";
import { newPassword } from "../../ops/password";
import { loaderTables } from "../../warehouse/access/agreements";
import { matrixOf, runCells, formatOutcome } from "../../warehouse/access/matrix/run";
import { users } from "../../warehouse/catalogue";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import { run, TestStack } from "../support/stack";

/** Access of a running stack: the matrix of rights, and changes by hand that are seen by preview and fixed by up. */
const stack = new TestStack(`e2eacc${process.pid}`);
const { secrets, server } = stack;
const MATRIX = matrixOf(loaderTables(writtenTables()));

interface Preview {
  steps: { op: string; urn: string; newState?: { inputs?: { environment?: Record<string, string> } } }[];
}

/** What a preview would change, and the state that it foresees for access. */
async function preview(): Promise<{ changes: string[]; access: string | undefined }> {
  const { stdout } = await stack.pulumi("preview", "--json");
  const { steps } = JSON.parse(stdout) as Preview;
  const named = steps.map((step) => ({ ...step, name: step.urn.split("::").at(-1) }));
  return {
    changes: named.filter(({ op }) => op !== "same").map(({ op, name }) => `${op} ${name}`),
    access: named.find(({ name }) => name === "access-apply")?.newState?.inputs?.environment?.["ZAKAZ_STATE"],
  };
}

/** That preview and diff agree is shown once, at the start. */
async function expectClean(): Promise<void> {
  const diff = await stack.zakaz("access", "diff");
  expect(diff.stdout).toBe("Access is as declared in sql/10_access.sql: nothing missing, nothing surplus.\n");
  expect(diff.code).toBe(0);
}

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
});

afterAll(() => stack.remove());

describe("access of a running stack", () => {
  it("is as declared from the start", async () => {
    expect((await preview()).changes).toEqual([]);
    await expectClean();
  });

  it("gives everybody what the matrix says, and nothing else", async () => {
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

  it("is checked by hand with what can do no harm", async () => {
    const check = await stack.zakaz("access", "check");
    expect(check.stderr).toBe("");
    expect(check.stdout.split("\n")).toContain("datalens_reader: 27 allowed, 60 refused");
    const harmless = MATRIX.filter((cell) => cell.harmful !== true).length;
    expect(check.stdout).toContain(`All ${harmless} cells are as declared`);
    expect(check.code).toBe(0);
  });

  it("is not restarted and not journaled when there is nothing to do", async () => {
    const journal = "SELECT count() FROM meta.schema_migrations WHERE kind = 'access'";
    const before = [await starts(), await stack.sql(journal)];
    const apply = await stack.zakaz("access", "apply");
    expect(apply.stdout).toMatch(/^Access is as declared in sql\/10_access\.sql \(0 fixed, [\d.]+ s\)\.\n$/);
    expect([await starts(), await stack.sql(journal)]).toEqual(before);
  });

  it("shows what was changed by hand, which up fixes, and who is not declared, whom it leaves", async () => {
    await stack.sql(`
      REVOKE SELECT ON bi.v_sales_daily FROM role_bi_reader;
      GRANT SELECT ON zakaz.dim_events TO role_bi_reader;
      ALTER SETTINGS PROFILE backup_profile SETTINGS readonly = 0, log_queries = 1 CONST,
        max_memory_usage = 1073741824, max_threads = 2, max_execution_time = 7200,
        max_concurrent_queries_for_user = 2, allow_ddl = 0 CONST, allow_introspection_functions = 0 CONST;
      ALTER USER etl_writer HOST ANY;
      CREATE USER stranger IDENTIFIED BY 'Strange-1' VALID UNTIL '2100-01-01';
      GRANT SELECT ON zakaz.* TO stranger;
      CREATE ROW POLICY narrow ON zakaz.dim_events USING 1 TO stranger`);
    const undeclared = [
      "the user stranger is not declared: add it to sql/10_access.sql, or remove it with DROP USER stranger",
      "the row policy narrow ON zakaz.dim_events is not declared: add it to sql/10_access.sql, or remove it with DROP ROW POLICY narrow ON zakaz.dim_events",
    ];
    const seen = await preview();
    expect(seen.changes).toEqual(["update access-apply"]);
    expect(seen.access).toBe(
      "2: role_bi_reader has SELECT ON zakaz.dim_events, which is not declared; " +
        "role_bi_reader lacks SELECT ON bi.v_sales_daily; and 2 more",
    );
    const diff = await stack.zakaz("access", "diff");
    const sentences = diff.stdout.split("\n").filter((line) => line !== "" && !line.startsWith(" "));
    expect(sentences).toEqual([
      "role_bi_reader has SELECT ON zakaz.dim_events, which is not declared",
      "role_bi_reader lacks SELECT ON bi.v_sales_daily",
      "backup_profile: max_memory_usage is 1073741824, declared 1073741824 MAX 1073741824",
      expect.stringMatching(/^etl_writer may come from ANY, declared [\d./]+, LOCAL$/),
      ...undeclared,
    ]);
    expect(diff.stdout).toContain("    REVOKE SELECT ON zakaz.dim_events FROM role_bi_reader;\n");
    expect(diff.stderr).toContain(
      "4 to be fixed by npx zakaz access apply (or make up), 2 for you to decide",
    );
    expect(diff.code).toBe(1);
    const before = await starts();
    const said = await stack.up();
    expect(await starts()).toBe(before);
    for (const sentence of undeclared) expect(said).toContain(sentence);

    const warned = await stack.pulumi("preview", "--expect-no-changes");
    for (const sentence of undeclared) {
      expect(warned.stdout + warned.stderr).toContain(`warning: ${sentence}`);
    }
    expect(warned.code).toBe(0);
    const left = await stack.zakaz("access", "diff");
    expect(left.stdout).toBe(`${undeclared.join("\n")}\n`);
    expect(left.stderr).toContain(
      "0 to be fixed by npx zakaz access apply (or make up), 2 for you to decide",
    );
    expect(left.code).toBe(1);
    expect(await stack.sql("SHOW GRANTS FOR stranger")).toBe("GRANT SELECT ON zakaz.* TO stranger");
    await stack.sql("DROP ROW POLICY narrow ON zakaz.dim_events; DROP USER stranger");
    await expectClean();
  });

  it("takes a password changed by hand with the old literal, shows it as drift, and restores the configured one", async () => {
    await stack.sql("ALTER USER datalens_reader IDENTIFIED WITH plaintext_password BY 'By-hand-123!'");
    expect(await loginCode("datalens_reader", "By-hand-123!")).toBeNull();
    const seen = await preview();
    expect(seen.changes).toEqual(["update access-apply"]);
    expect(seen.access).toMatch(
      /^\d+: datalens_reader is refused with its configured password; datalens_reader is identified with plaintext_password, declared sha256_password$/,
    );
    const diff = await stack.zakaz("access", "diff");
    const [refused, fix, kind, same, ...more] = diff.stdout.split("\n");
    expect([refused, kind, ...more]).toEqual([
      "datalens_reader is refused with its configured password: set the wanted one with pulumi config set --secret " +
        "zakaz:datalensPassword and pulumi up",
      "datalens_reader is identified with plaintext_password, declared sha256_password",
      "",
    ]);
    expect(fix).toMatch(/^ {4}ALTER USER datalens_reader IDENTIFIED WITH sha256_hash BY '…' HOST .*;$/);
    expect(same).toBe(fix);
    await stack.up();
    expect(await loginCode("datalens_reader", "By-hand-123!")).toBe("516");
    expect(await loginCode("datalens_reader", secrets.datalensPassword)).toBeNull();
    await expectClean();
  });

  it("rotates a password by configuration, and that is all the preview shows", async () => {
    const previous = secrets.backupPassword;
    await stack.setSecret("backupPassword");
    // The backup container's file is the one that has it.
    expect((await preview()).changes.sort()).toEqual(["update access-apply", "update backup-settings"]);
    await stack.up();
    expect(await loginCode("backup_user", previous)).toBe("516");
    expect(await loginCode("backup_user", secrets.backupPassword)).toBeNull();
    await expectClean();
  });

  it("adds and drops a further reader by configuration, and that is all the preview shows", async () => {
    const password = newPassword();
    await stack.setPart("readers[0].name", "anna");
    await stack.setPart("readers[0].views[0]", "bi.v_sales_daily");
    await stack.setSecretPart("readers[0].password", password);
    expect((await preview()).changes).toEqual(["update access-apply"]);
    await stack.up();
    expect(await loginCode("anna", password)).toBeNull();
    expect((await stack.zakaz("access", "check")).stdout).toMatch(/^anna: 2 allowed, \d+ refused$/m);

    await stack.pulumi("config", "rm", "zakaz:readers");
    expect((await preview()).changes).toEqual(["update access-apply"]);
    await stack.up();
    expect(await loginCode("anna", password)).toBe("516");
    expect(await loginCode("datalens_reader", secrets.datalensPassword)).toBeNull();
    await expectClean();
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
    expect(holders.map(({ urn }) => urn.split("::").at(-1))).toEqual(["backup-settings"]);
    expect(state).not.toContain(backup);
  });
});
