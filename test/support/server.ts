import { LocalServer, programOf, type LocalServerOptions } from "../../clickhouse/local-server";
import { asAdmin, runClient, sqlOverHttp, type ClientResult, type TestServer } from "./server-common";

/** Versions that tests run on: the oldest supported (`toolchain/setup oldest`), and the one of development. */
export type ServerVersion = "24.8.4" | "25.8.2";

/** A ClickHouse server of a test: the process that `zakaz validate` starts too, see LocalServer. */
export class Server extends LocalServer implements TestServer {
  get httpUrl(): string {
    return this.url;
  }

  /** Ends the server, and starts one of another version on its data. */
  async upgrade(version: ServerVersion): Promise<void> {
    await this.kill("SIGTERM");
    this.program = programOf(version);
    await this.start();
  }

  /** The client of the development version, whatever the server's. */
  client(args: string[], stdin?: string | Buffer): Promise<ClientResult> {
    const target = ["client", "--host=127.0.0.1", `--port=${this.nativePort}`];
    return runClient(programOf(), [...target, ...asAdmin(args)], this.adminPassword, stdin);
  }

  sql<Row = Record<string, unknown>>(query: string): Promise<Row[]> {
    return sqlOverHttp<Row>(this.url, this.adminPassword, query);
  }
}

/** Starts a server and waits until it takes queries. */
export async function startServer(
  options: LocalServerOptions & { version?: ServerVersion } = {},
): Promise<Server> {
  const server = new Server(options);
  await server.start();
  return server;
}
