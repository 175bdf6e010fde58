import { createHash, randomBytes } from "node:crypto";
import { startEngine, type TestEngine } from "../../support/engine";
import { startServer } from "../../support/server";
import type { TestServer } from "../../support/server-common";
import { wholeSql } from "../../support/sql";
import type { Options, User, Warehouse } from "./warehouse";

/** Loopback and Docker's default bridge: requests through a published port come from its gateway. */
const HOSTS = "HOST IP '127.0.0.1', IP '::1', IP '172.16.0.0/12'";
const LOGIN_USERS: User[] = ["etl_writer", "datalens_reader", "backup_user"];

/** A server with all of `sql/` in it, and its login users unlocked as the stack does it. */
export interface ServerWarehouse<Server extends TestServer = TestServer> extends Warehouse {
  engine: Server;
  /** Applies `sql/` and the passwords once more; throws when the client does not end with 0. */
  install(): Promise<void>;
  /** Password of a login user. */
  password(user: User): string;
  close(): Promise<void>;
}
export type EngineWarehouse = ServerWarehouse<TestEngine>;

/** Starts the embedded engine on a free port and installs `sql/` once. */
export async function startEngineWarehouse(): Promise<EngineWarehouse> {
  return installWarehouse(await startEngine());
}

/** Every engine that the schema must serve alike, oldest first, each with how it starts with `sql/` installed once. */
export const ENGINES = [
  { name: "ClickHouse 24.8.4", start: async () => installWarehouse(await startServer("24.8.4")) },
  { name: "ClickHouse 25.8.2", start: async () => installWarehouse(await startServer("25.8.2")) },
  { name: "the embedded engine", start: startEngineWarehouse },
];

/** Installs `sql/`, or the statements given, once on a server that is empty; stops it when that fails. */
export async function installWarehouse<Server extends TestServer>(
  engine: Server,
  sql: string = wholeSql(),
): Promise<ServerWarehouse<Server>> {
  const passwords = new Map<User, string>([["admin", engine.adminPassword]]);
  for (const user of LOGIN_USERS) passwords.set(user, randomBytes(9).toString("hex"));

  async function install(): Promise<void> {
    const unlock = LOGIN_USERS.map((user) => {
      const hash = createHash("sha256").update(passwords.get(user)!).digest("hex");
      return `ALTER USER ${user} IDENTIFIED WITH sha256_hash BY '${hash}' ${HOSTS};\n`;
    });
    const result = await engine.client(["--multiquery"], `${sql}\n${unlock.join("")}`);
    if (result.code !== 0) throw new Error(result.stderr);
  }

  async function send(sql: string, { as = "admin", params = {} }: Options = {}): Promise<string> {
    const url = new URL(engine.httpUrl);
    url.searchParams.set("default_format", "TabSeparated");
    url.searchParams.set("wait_end_of_query", "1");
    for (const [name, value] of Object.entries(params)) url.searchParams.set(`param_${name}`, String(value));
    const response = await fetch(url, {
      method: "POST",
      headers: { "X-ClickHouse-User": as, "X-ClickHouse-Key": passwords.get(as)! },
      body: sql,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${text.trim()}\n${sql}`);
    return text;
  }

  try {
    await install();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return {
    engine,
    install,
    password: (user) => passwords.get(user)!,
    run: async (sql, options) => {
      await send(sql, options);
    },
    rows: async (sql, options) => {
      const lines = (await send(sql, options)).split("\n");
      return lines.slice(0, -1).map((line) => line.split("\t"));
    },
    close: () => engine.stop(),
  };
}
