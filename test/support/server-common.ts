import { spawn } from "node:child_process";

export interface ClientResult {
  stdout: string;
  stderr: string;
  code: number;
}

/** A ClickHouse with the repository's configuration, wherever it runs. */
export interface TestServer {
  /** http://127.0.0.1:PORT */
  readonly httpUrl: string;
  readonly nativePort: number;
  readonly adminPassword: string;
  /** clickhouse-client, as admin unless the arguments name a user. */
  client: (args: string[], stdin?: string | Buffer) => Promise<ClientResult>;
  /** Rows of one statement as admin over HTTP, as objects; throws the server's error text. */
  sql: <Row = Record<string, unknown>>(query: string) => Promise<Row[]>;
  /** Ends it and removes its data. */
  stop: () => Promise<void>;
}

/** Arguments of the client with `--user=admin` before them, unless they name a user. */
export function asAdmin(args: string[]): string[] {
  return args.some((arg) => /^(-u|--user)/.test(arg)) ? args : ["--user=admin", ...args];
}

/** Runs a client to its end, with the password in its environment; never throws for its exit code. */
export function runClient(
  file: string,
  args: string[],
  password: string,
  stdin?: string | Buffer,
): Promise<ClientResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env: { ...process.env, CLICKHOUSE_PASSWORD: password } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => undefined); // the client may end before it has read everything
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        code: code ?? -1,
      }),
    );
    child.stdin.end(stdin);
  });
}

/** Rows of one statement as admin over HTTP; throws the server's error text. */
export async function sqlOverHttp<Row>(httpUrl: string, password: string, query: string): Promise<Row[]> {
  const response = await fetch(
    `${httpUrl}/?default_format=JSONEachRow&wait_end_of_query=1&buffer_size=16777216`,
    {
      method: "POST",
      headers: { "X-ClickHouse-User": "admin", "X-ClickHouse-Key": password, Connection: "close" },
      body: query,
    },
  );
  const body = await response.text();
  if (!response.ok) throw new Error(body);
  return body
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}
