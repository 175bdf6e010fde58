import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../../../clickhouse/password-hash";
import type { Declaration } from "../../../warehouse/access/read";
import { loginUsers, users } from "../../../warehouse/catalogue";
import { parseStatements, type SqlStatement } from "../../../warehouse/schema/source";
import { Warehouse } from "../../../warehouse/client";
import type { Server } from "../../support/server";
import { ROOT } from "../../support/stack";

/** Random passwords of the login users. */
export function newPasswords(): Record<string, string> {
  return Object.fromEntries(loginUsers.map((user) => [user, randomBytes(9).toString("hex")]));
}

/** Statements of `sql/10_access.sql`, with further ones behind them. */
export function accessStatements(...more: string[]): SqlStatement[] {
  const sql = readFileSync(join(ROOT, "sql/10_access.sql"), "utf8");
  return parseStatements([sql, ...more].join("\n"), "sql/10_access.sql");
}

/** The repository's declaration with these passwords, and the hosts from which tests come. */
export function declarationWith(passwords: Record<string, string>): Declaration {
  return {
    statements: accessStatements(),
    logins: Object.entries(passwords).map(([user, password]) => ({
      user,
      passwordSha256: sha256Hex(password),
      hosts: ["127.0.0.1", "::1", "172.16.0.0/12"],
    })),
  };
}

/** A test server as commands reach it; close it when done. */
export function warehouseOf({ httpUrl, adminPassword }: Server): Warehouse {
  return new Warehouse({ container: "none", url: httpUrl, user: users.admin, password: adminPassword });
}
