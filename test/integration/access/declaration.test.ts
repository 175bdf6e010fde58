import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyAccess } from "../../../warehouse/access/apply";
import { SHOWN_SECRETS } from "../../../warehouse/scratch";
import { readDifferences } from "../../../warehouse/access/read";
import type { Warehouse } from "../../../warehouse/client";
import { type Server, startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { accessStatements, declarationWith, newPasswords, warehouseOf } from "./support";

describe.each(COUNTS.versions)("a declaration of access on ClickHouse %s", (version) => {
  const declaration = declarationWith(newPasswords());
  let server: Server;
  let access: Warehouse;
  beforeAll(async () => {
    server = await startServer({ version, files: SHOWN_SECRETS });
    access = warehouseOf(server);
    await applyAccess(access, declaration);
  });
  afterAll(async () => {
    await access?.close();
    await server?.stop();
  });

  it("makes and compares what else a declaration can say", async () => {
    const more = [
      `CREATE USER \`an intern\` IDENTIFIED WITH sha256_hash BY '${"0".repeat(64)}' HOST LOCAL DEFAULT DATABASE bi ` +
        "DEFAULT ROLE role_bi_reader SETTINGS max_threads = 1 GRANTEES ANY EXCEPT etl_writer",
      "GRANT SELECT ON zakaz.* TO `an intern`",
      "REVOKE SELECT ON zakaz.dim_events FROM `an intern`",
      "CREATE SETTINGS PROFILE `for all` SETTINGS max_rows_to_read = 1e12 TO ALL EXCEPT `an intern`",
      "CREATE QUOTA `for all` NOT KEYED FOR INTERVAL 1 month MAX queries = 1000000, FOR RANDOMIZED INTERVAL 1 quarter TRACKING ONLY TO ALL EXCEPT admin",
      "CREATE QUOTA `by key` KEYED BY client_key, user_name FOR INTERVAL 1 hour MAX query_selects = 9 TO `an intern`",
    ];
    const wide = { ...declaration, statements: accessStatements(...more.map((text) => `${text};`)) };
    const { fixed, left } = await applyAccess(access, wide);
    expect(fixed.map(({ text }) => text)).toEqual([
      "the settings profile for all is missing",
      "the user an intern is missing",
      "the quota by key is missing",
      "the quota for all is missing",
    ]);
    expect(left).toEqual([]);
    await access.command("ALTER USER `an intern` DEFAULT DATABASE NONE GRANTEES NONE");
    await access.command("ALTER QUOTA `for all` TO ALL");
    const { fixed: again } = await applyAccess(access, wide);
    expect(again.map(({ text }) => text)).toEqual([
      "an intern: grantees are NONE, declared ANY EXCEPT etl_writer",
      "an intern: default database is NONE, declared bi",
      "the quota for all is given to ALL, declared ALL EXCEPT admin",
    ]);
  });

  it("leaves what is declared no more to a person", async () => {
    const { left } = await applyAccess(access, declaration);
    const names = ["USER `an intern`", "SETTINGS PROFILE `for all`", "QUOTA `by key`", "QUOTA `for all`"];
    expect(left.map(({ advice }) => advice)).toEqual(
      names.map((name) => `add it to sql/10_access.sql, or remove it with DROP ${name}`),
    );
    for (const name of names) await access.command(`DROP ${name}`);
  });

  it.each([
    {
      declared: "ALTER USER backup_user VALID UNTIL '2031-01-01'",
      made: ["backup_user is valid until without end, declared 2031-01-01 00:00:00"],
      byHand: "ALTER USER backup_user VALID UNTIL '2032-01-01'",
      seen: ["backup_user is valid until 2032-01-01 00:00:00, declared 2031-01-01 00:00:00"],
    },
    {
      declared: "CREATE ROW POLICY p ON zakaz.dim_events USING city = 'a''b' TO role_bi_reader",
      made: ["the row policy p ON zakaz.dim_events is missing"],
      byHand: "ALTER ROW POLICY p ON zakaz.dim_events USING 1 TO ALL",
      seen: [
        "the row policy p ON zakaz.dim_events is FOR SELECT USING 1 AS PERMISSIVE TO ALL, " +
          "declared FOR SELECT USING city = 'a\\'b' AS PERMISSIVE TO role_bi_reader",
      ],
    },
    {
      declared:
        "CREATE NAMED COLLECTION archive AS url = 'https://archive.example/', format = 'CSV', tries = 3",
      made: ["the named collection archive is missing"],
      byHand: "ALTER NAMED COLLECTION archive SET user = 'somebody', format = 'TSV' DELETE tries",
      seen: [
        "the named collection archive has other values of format, tries than declared and has user, which is not declared",
      ],
    },
    {
      // A group, and rights inside a wider one: the server says what they come to.
      declared:
        "GRANT SHOW ON bi.* TO role_etl_writer; GRANT INSERT(d), SELECT ON bi.v_sales_daily, SELECT ON bi.* TO role_etl_writer",
      made: [
        "role_etl_writer lacks SHOW, SELECT ON bi.*",
        "role_etl_writer lacks INSERT(d) ON bi.v_sales_daily",
      ],
      byHand: "REVOKE SHOW COLUMNS ON bi.* FROM role_etl_writer",
      seen: ["role_etl_writer lacks SHOW COLUMNS ON bi.*"],
    },
    {
      declared: "ALTER USER zakaz_definer HOST NAME 'a.example', LIKE '%.b.example' SETTINGS final = true",
      made: [
        "zakaz_definer may come from nowhere, declared LIKE %.b.example, NAME a.example",
        "zakaz_definer: final is not set, declared 1",
      ],
      byHand: "ALTER USER zakaz_definer HOST REGEXP 'c.*' SETTINGS NONE",
      seen: [
        "zakaz_definer may come from REGEXP c.*, declared LIKE %.b.example, NAME a.example",
        "zakaz_definer: final is not set, declared 1",
      ],
    },
  ])("takes, makes and restores: $declared", async ({ declared, made, byHand, seen }) => {
    const more = { ...declaration, statements: accessStatements(`${declared};`) };
    const texts = (differences: { text: string }[]) => differences.map(({ text }) => text);
    expect(texts((await applyAccess(access, more)).fixed)).toEqual(made);
    expect((await readDifferences(access, more)).differences).toEqual([]);
    await access.command(byHand);
    expect(texts((await readDifferences(access, more)).differences)).toEqual(seen);
    await applyAccess(access, more);
    expect((await readDifferences(access, more)).differences).toEqual([]);
    await applyAccess(access, declaration);
    await access.command("DROP ROW POLICY IF EXISTS p ON zakaz.dim_events");
    await access.command("DROP NAMED COLLECTION IF EXISTS archive");
    expect((await readDifferences(access, declaration)).differences).toEqual([]);
  });

  it("makes a named collection with the values that are declared", async () => {
    const sql = "CREATE NAMED COLLECTION archive AS url = 'https://archive.example/', tries = 3;";
    await applyAccess(access, { ...declaration, statements: accessStatements(sql) });
    expect(await access.rows("SELECT collection FROM system.named_collections")).toEqual([
      { collection: { url: "https://archive.example/", tries: "3" } },
    ]);
    await access.command("DROP NAMED COLLECTION archive");
  });

  const locked = `a user must be created locked here (IDENTIFIED WITH sha256_hash BY '${"0".repeat(64)}'): its password is set by the stack`;
  it.each([
    ["CREATE USER x", locked],
    ["CREATE USER x IDENTIFIED BY 'In-the-clear'", locked],
    ["CREATE USER x IDENTIFIED WITH plaintext_password BY 'In-the-clear'", locked],
    ["CREATE USER x NOT IDENTIFIED", locked],
    [`ALTER USER etl_writer IDENTIFIED WITH sha256_hash BY '${"a".repeat(64)}'`, locked],
    [
      `ALTER USER etl_writer IDENTIFIED WITH sha256_hash BY '${"0".repeat(64)}', plaintext_password BY 'In-the-clear'`,
      locked,
    ],
    [
      "GRANT SELECT ON zakaz.dim_events TO nobody",
      "ClickHouse says 511 UNKNOWN_ROLE: There is no role `nobody` in `user directories`.",
    ],
    ["ALTER QUOTA constructor TO NONE", "ClickHouse says "],
    ["GRANT SELECTION", "ClickHouse says 62 SYNTAX_ERROR: "],
  ])("names file and line of what a declaration cannot say: %s", async (statement, why) => {
    const wrong = { ...declaration, statements: accessStatements(`${statement};`) };
    const { line } = wrong.statements.at(-1)!;
    const said = await readDifferences(access, wrong).catch(String);
    expect(said).toContain(`sql/10_access.sql:${line}: ${why}`);
    expect(said).not.toContain("In-the-clear");
  });
});
