import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyAccess } from "../../../warehouse/access/apply";
import { readDifferences } from "../../../warehouse/access/read";
import type { Warehouse } from "../../../warehouse/client";
import type { Server } from "../../support/server";
import { declarationWith, newPasswords, SERVERS, warehouseOf } from "./support";

describe.each(SERVERS)("a declaration of access on $name", ({ start }) => {
  const declaration = declarationWith(newPasswords());
  let server: Server;
  let access: Warehouse;
  beforeAll(async () => {
    server = await start();
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
    const wide = { ...declaration, sql: [declaration.sql, ...more].join(";\n") };
    const { fixed, left } = await applyAccess(access, wide);
    expect(fixed.map(({ text }) => text)).toEqual([
      "the settings profile for all is missing",
      "the user an intern is missing",
      "the quota for all is missing",
      "the quota by key is missing",
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

  it.each([
    [
      "ALTER USER backup_user VALID UNTIL '2031-01-01'",
      "this statement cannot be read by zakaz yet: `VALID UNTIL '…'`",
    ],
    ["CREATE USER x IDENTIFIED BY 'In-the-clear'", "this statement cannot be read by zakaz yet: `BY '…'`"],
    [
      "CREATE ROW POLICY p ON zakaz.dim_events USING 1 TO ALL",
      "this statement cannot be read by zakaz yet: `CREATE ROW POLICY p`",
    ],
    ["GRANT SELECT ON zakaz.dim_events TO nobody", "no user or role `nobody` is declared before this"],
    ["GRANT SELECTION", "ClickHouse cannot read this statement"],
  ])("names file and line of what a declaration cannot say: %s", async (statement, why) => {
    const line = declaration.sql.split("\n").length + 1;
    const wrong = { ...declaration, sql: `${declaration.sql}\n${statement};` };
    await expect(readDifferences(access, wrong)).rejects.toThrow(`sql/10_access.sql:${line}: ${why}`);
  });
});
