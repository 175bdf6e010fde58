import { request, type IncomingMessage } from "node:http";

/** No kept connections: the engine waits for open ones when it stops. */
const agent = false;

/** True when the engine answers /ping on loopback. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ host: "127.0.0.1", port, path: "/ping", timeout: 1000, agent }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on("timeout", () => ping.destroy());
    ping.on("error", () => resolve(false));
    ping.end();
  });
}

export interface Credentials {
  user: string;
  password: string;
}

export interface PostOptions extends Credentials {
  timeoutMs?: number;
}

export interface PostResult {
  ok: boolean;
  body: string;
}

/** Sends one statement to the engine on loopback and reads the whole answer. Throws only when there is none. */
export function post(port: number, statement: string, options: PostOptions): Promise<PostResult> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: "127.0.0.1",
        port,
        path: "/?wait_end_of_query=1",
        method: "POST",
        agent,
        headers: { "X-ClickHouse-User": options.user, "X-ClickHouse-Key": options.password },
        ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      },
      (response) => {
        readAll(response).then((body) => resolve({ ok: response.statusCode === 200, body }), reject);
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.on("error", reject);
    call.end(statement);
  });
}

/** The whole body as text. */
export async function readAll(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
