import { createHash, randomBytes } from "node:crypto";
import { startEngine, type TestEngine } from "../../support/engine";
import { wholeSql } from "../../support/sql";
import type { Options, User, Warehouse } from "./warehouse";

/** Loopback and Docker's default bridge: requests through a published port come from its gateway. */
const HOSTS = "HOST IP '127.0.0.1', IP '::1', IP '172.16.0.0/12'";
const LOGIN_USERS: User[] = ["etl_writer", "datalens_reader", "backup_user"];

/** The embedded engine with all of `sql/` in it, and its login users unlocked as the stack does it. */
export interface EngineWarehouse extends Warehouse {
  engine: TestEngine;
  /** Applies `sql/` and the passwords once more; throws when the client does not end with 0. */
  install(): Promise<void>;
  /** Password of a login user. */
  password(user: User): string;
  close(): Promise<void>;
}

/** Starts an engine on a free port and installs `sql/` once. */
export async function startEngineWarehouse(): Promise<EngineWarehouse> {
  const engine = await startEngine();
  const passwords = new Map<User, string>([["admin", engine.adminPassword]]);
  for (const user of LOGIN_USERS) passwords.set(user, randomBytes(9).toString("hex"));

  async function install(): Promise<void> {
    const unlock = LOGIN_USERS.map((user) => {
      const hash = createHash("sha256").update(passwords.get(user)!).digest("hex");
      return `ALTER USER ${user} IDENTIFIED WITH sha256_hash BY '${hash}' ${HOSTS};\n`;
    });
    const result = await engine.client(["--multiquery"], `${wholeSql()}\n${unlock.join("")}`);
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
