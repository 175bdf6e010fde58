import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyAccess, type AccessServer } from "../../../warehouse/access/apply";
import { fixableOf, sentence } from "../../../warehouse/access/difference";
import { refusedLogins } from "../../../warehouse/login";
import { accessSql, readDifferences } from "../../../warehouse/access/read";
import type { Warehouse } from "../../../warehouse/client";
import { type Server, startServer } from "../../support/server";
import { COUNTS, sampleOf } from "../../support/soak";
import { HAND_CHANGES } from "./hand-changes";
import { accessStatements, declarationWith, newPasswords, warehouseOf } from "./support";

describe.each(COUNTS.versions)("access on ClickHouse %s", (version) => {
  const passwords = newPasswords();
  const declaration = declarationWith(passwords);
  let server: Server;
  let access: Warehouse;
  beforeAll(async () => {
    server = await startServer({ version });
    access = warehouseOf(server);
  });
  afterAll(async () => {
    await access?.close();
    await server?.stop();
  });

  /** Statements given by hand, with the server's own client. */
  const byHand = async (statements: string) => {
    const { code, stderr } = await server.client(["--multiquery"], statements);
    if (code !== 0) throw new Error(stderr);
  };
  const differences = async () =>
    (await readDifferences(access, declaration)).differences.map(sentence).sort();

  it("starts with everything missing, and is as declared after one apply", async () => {
    const { fixed, left } = await applyAccess(access, declaration);
    expect(fixed.map(({ text }) => text)).toEqual([
      ...[
        "role_backup_operator",
        "role_bi_reader",
        "role_etl_writer",
        "role_further_reader",
        "role_monitor",
      ].map((name) => `the role ${name} is missing`),
      ...["backup_profile", "bi_reader_profile", "etl_profile", "monitor_profile"].map(
        (name) => `the settings profile ${name} is missing`,
      ),
      ...["backup_user", "datalens_reader", "etl_writer", "zakaz_definer", "zakaz_monitor"].map(
        (name) => `the user ${name} is missing`,
      ),
      ...["backup_quota", "bi_reader_quota", "etl_writer_quota", "monitor_quota"].map(
        (name) => `the quota ${name} is missing`,
      ),
    ]);
    expect(left).toEqual([]);
    expect(await refusedLogins(access, passwords)).toEqual([]);
  });

  it("is the same after the file itself was piped into the client", async () => {
    const { code } = await server.client(["--multiquery"], accessSql());
    expect(code).toBe(0);
    expect(await differences()).toEqual([]);
  });

  it.each(sampleOf(HAND_CHANGES).filter(({ only = version }) => only === version))(
    "sees and fixes: $change",
    async ({ change, seen, clean }) => {
      await byHand(change);
      expect(await differences()).toEqual([...seen].sort());
      const { left } = await applyAccess(access, declaration);
      expect(fixableOf(left)).toEqual([]);
      // Unmanaged users, roles and policies stay, each with its advice.
      const unmanaged = seen.filter((text) => / is not declared: /.test(text));
      expect(left.map(sentence)).toEqual(unmanaged);
      if (clean !== undefined) await byHand(clean);
      expect(await differences()).toEqual([]);
    },
  );

  // Rights on other things than tables; each version shows them in its own way.
  it.each(["ALL ON bi.*", "URL ON *.*", "SET DEFINER ON zakaz_definer", "CREATE USER ON *.*"])(
    "takes back %s",
    async (right) => {
      await byHand(`GRANT ${right} TO role_bi_reader`);
      expect(await differences()).toContainEqual(
        expect.stringMatching(/^role_bi_reader has .*, which is not declared$/),
      );
      await applyAccess(access, declaration);
      expect(await differences()).toEqual([]);
    },
  );

  it("notices a password set by hand, and restores the declared one", async () => {
    await byHand("ALTER USER datalens_reader IDENTIFIED WITH plaintext_password BY 'By-hand-123!'");
    const refused = await refusedLogins(access, passwords);
    expect(refused).toEqual(["datalens_reader"]);
    const { fixed } = await applyAccess(access, declaration, refused);
    expect(fixed.map(({ text }) => text)).toEqual([
      "datalens_reader is refused with its configured password",
      "datalens_reader is identified with plaintext_password, declared sha256_password",
    ]);
    expect(await refusedLogins(access, passwords)).toEqual([]);
    const byHandPassword = { datalens_reader: "By-hand-123!" };
    expect(await refusedLogins(access, byHandPassword)).toEqual(["datalens_reader"]);
  });

  it("tells a login that has ended from one with another password", async () => {
    await byHand("ALTER USER datalens_reader VALID UNTIL '2001-01-01'");
    const refused = await refusedLogins(access, passwords);
    expect(refused).toEqual(["datalens_reader"]);
    const { fixed } = await applyAccess(access, declaration, refused);
    expect(fixed.map(({ text }) => text)).toEqual([
      "datalens_reader is valid until 2001-01-01 00:00:00, declared without end",
    ]);
    expect(await refusedLogins(access, passwords)).toEqual([]);
  });

  it("names the statement that failed, what it could not fix, and no hash", async () => {
    const setting = "ALTER SETTINGS PROFILE backup_profile SETTINGS no_such_setting = 1";
    const wrong = { ...declaration, statements: accessStatements(`${setting};`) };
    await expect(applyAccess(access, wrong)).rejects.toThrow(
      `sql/10_access.sql:${wrong.statements.at(-1)!.line}: ClickHouse says 115 UNKNOWN_SETTING`,
    );

    const idle: AccessServer = { rows: (sql) => access.rows(sql), command: () => Promise.resolve() };
    await byHand("REVOKE SELECT ON bi.v_sales_daily FROM role_bi_reader");
    await expect(applyAccess(idle, declaration)).rejects.toThrow(
      "Access is not as declared after it was applied: role_bi_reader lacks SELECT ON bi.v_sales_daily",
    );
    const angry: AccessServer = {
      ...idle,
      command: (statement) =>
        statement.startsWith("ALTER USER")
          ? Promise.reject(new Error(`Cannot run: ${statement}`))
          : access.command(statement),
    };
    const error = await applyAccess(angry, declaration).catch(String);
    expect(error).toMatch(
      /Access was not applied: ALTER USER etl_writer IDENTIFIED .*: Cannot run: ALTER USER/,
    );
    expect(error).not.toMatch(/[0-9a-f]{64}/);
    // What stands before the statement that failed has been done.
    expect(await differences()).toEqual([]);
  });
});
