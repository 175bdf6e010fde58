import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { readAll } from "../http";
import { httpPort } from "../paths";
import type { ClientArguments } from "./arguments";

/** What ClickHouse answered instead of a result. */
export class ServerError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly serverVersion: string,
  ) {
    super(message);
  }
}

/** No answer: nothing listens, or the connection broke. */
export class NetworkError extends Error {}

/** How long a refused connection is tried again: the engine may be restarting after a change of access. */
const connectPatienceMs = 5000;
const sessionTimeoutS = 600;

/** Statements of one client call. They share a session, so that `SET` and `USE` hold for those that follow. */
export class Session {
  private sessionId = randomUUID();
  /** SET and USE statements so far, to repeat in the session that follows a restart of the engine. */
  private readonly state: string[] = [];

  constructor(
    private readonly args: ClientArguments,
    private readonly defaultFormat: string,
  ) {}

  /** Runs one statement, its output going to `output`. Throws ServerError or NetworkError. */
  async run(statement: string, output: Writable, data?: Readable): Promise<void> {
    const response = await this.send(statement, data);
    await copy(response, output);
    if (/^\s*(SET|USE)\b/i.test(statement)) this.state.push(statement);
  }

  /** Starts a new session in the state of the old one, which the restarted engine has forgotten. */
  async resume(): Promise<void> {
    this.sessionId = randomUUID();
    for (const statement of this.state) (await this.send(statement)).resume();
  }

  private async send(statement: string, data?: Readable): Promise<IncomingMessage> {
    const response = await this.connect(statement, data);
    if (response.statusCode === 200) return response;
    throw serverError(response, await readAll(response));
  }

  private async connect(statement: string, data?: Readable): Promise<IncomingMessage> {
    const giveUpAt = Date.now() + (isOwnEngine(this.args) ? connectPatienceMs : 0);
    for (;;) {
      try {
        return await this.post(statement, data);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code !== "ECONNREFUSED" || Date.now() > giveUpAt) {
          throw new NetworkError(code === "ECONNREFUSED" ? "Connection refused" : message || String(code));
        }
        await sleep(50);
      }
    }
  }

  private post(statement: string, data?: Readable): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call: ClientRequest = request(
        {
          host: this.args.host,
          port: this.args.port,
          method: "POST",
          path: `/?${this.query().toString()}`,
          agent: false,
          headers: { "X-ClickHouse-User": this.args.user, "X-ClickHouse-Key": this.args.password },
        },
        resolve,
      );
      call.on("error", reject);
      if (!data) {
        call.end(statement);
      } else {
        // Only once connected: a refused connection is tried again, and the data can be read but once.
        call.on("socket", (socket) =>
          socket.once("connect", () => {
            call.write(`${statement}\n`);
            pipeline(data, call).catch(reject);
          }),
        );
      }
    });
  }

  private query(): URLSearchParams {
    const query = new URLSearchParams({
      // The whole result or an error, never half of one with an error text at its end.
      wait_end_of_query: "1",
      default_format: this.defaultFormat,
      session_id: this.sessionId,
      session_timeout: String(sessionTimeoutS),
    });
    if (this.args.database !== undefined) query.set("database", this.args.database);
    for (const [name, value] of Object.entries(this.args.parameters)) query.set(`param_${name}`, value);
    for (const [name, value] of Object.entries(this.args.settings)) query.set(name, value);
    return query;
  }
}

/** The engine of this container: it is away for a moment when access changes. */
function isOwnEngine({ host, port }: ClientArguments): boolean {
  return ["localhost", "127.0.0.1", "::1"].includes(host) && port === httpPort;
}

/** To the end, at the pace of the output, which stays open. */
async function copy(from: Readable, to: Writable): Promise<void> {
  for await (const chunk of from) if (!to.write(chunk)) await once(to, "drain");
}

function serverError(response: IncomingMessage, body: string): ServerError {
  const text = body.trim();
  const code = Number(response.headers["x-clickhouse-exception-code"] ?? /Code: (\d+)/.exec(text)?.[1] ?? 0);
  const [, message = text, version = ""] =
    /^(?:Code: \d+\. DB::Exception: )?([^]*?)(?: \(version ([\d.]+)[^)]*\))?$/.exec(text) ?? [];
  return new ServerError(code, message, version);
}
