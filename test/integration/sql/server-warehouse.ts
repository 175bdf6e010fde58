import { createHash, randomBytes } from "node:crypto";
import { loginUsers, users } from "../../../warehouse/catalogue";
import type { TestServer } from "../../support/server-common";
import { wholeSql } from "../../support/sql";
import { warehouseOverHttp, type OwnWarehouse, type User } from "./warehouse";

/** A server with all of `sql/` in it, and its login users unlocked as the stack does it. */
export interface ServerWarehouse<Server extends TestServer = TestServer> extends OwnWarehouse {
  server: Server;
  /** Password of a login user. */
  password(user: User): string;
}

/** Installs `sql/`, or the statements given, once on a server that is empty; stops it when that fails. */
export async function installWarehouse<Server extends TestServer>(
  server: Server,
  sql: string = wholeSql(),
): Promise<ServerWarehouse<Server>> {
  const passwords = new Map<User, string>([[users.admin, server.adminPassword]]);
  for (const user of loginUsers) passwords.set(user, randomBytes(9).toString("hex"));
  const password = (user: User): string => passwords.get(user)!;

  async function install(): Promise<void> {
    const unlock = loginUsers.map((user) => {
      const hash = createHash("sha256").update(password(user)).digest("hex");
      return `ALTER USER ${user} IDENTIFIED WITH sha256_hash BY '${hash}' HOST IP '127.0.0.1';\n`;
    });
    const result = await server.client(["--multiquery"], `${sql}\n${unlock.join("")}`);
    if (result.code !== 0) throw new Error(result.stderr);
  }

  try {
    await install();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    server,
    install,
    password,
    ...warehouseOverHttp(server.httpUrl, password),
    close: () => server.stop(),
  };
}
