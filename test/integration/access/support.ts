import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../../../clickhouse/access/hash";
import type { AccessServer } from "../../../ops/access/apply";
import type { Declaration } from "../../../ops/access/read";
import { startEngine } from "../../support/engine";
import { startServer } from "../../support/server";
import type { TestServer } from "../../support/server-common";
import { ROOT } from "../../support/stack";

/** Every engine that access must work on alike, empty. The embedded one keeps users in XML, the others in SQL. */
export const SERVERS: { name: string; embedded: boolean; start: () => Promise<TestServer> }[] = [
  { name: "ClickHouse 24.8.4", embedded: false, start: () => startServer("24.8.4") },
  { name: "ClickHouse 25.8.2", embedded: false, start: () => startServer("25.8.2") },
  { name: "the embedded engine", embedded: true, start: () => startEngine() },
];

/** Random passwords of the login users. */
export function newPasswords(): Record<string, string> {
  const users = ["etl_writer", "datalens_reader", "backup_user"];
  return Object.fromEntries(users.map((user) => [user, randomBytes(9).toString("hex")]));
}

/** The repository's declaration with these passwords, and the places from which tests come. */
export function declarationWith(passwords: Record<string, string>): Declaration {
  return {
    sql: readFileSync(join(ROOT, "sql/10_access.sql"), "utf8"),
    logins: Object.entries(passwords).map(([user, password]) => ({
      user,
      passwordSha256: sha256Hex(password),
      hosts: ["127.0.0.1", "::1", "172.16.0.0/12"],
    })),
  };
}

/** A test server as `ops/access` reaches servers. */
export function accessServer(server: TestServer): AccessServer {
  return {
    rows: server.sql,
    client: async (statements) => {
      const { code, stderr } = await server.client(["--multiquery"], statements);
      if (code !== 0) throw new Error(stderr);
    },
  };
}
