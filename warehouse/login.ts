import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { Unreachable } from "./client";
import { probe } from "./queries";

/** ClickHouse's code for a login that failed: wrong password, a host that is not allowed, or no such user. */
const AUTHENTICATION_FAILED = 516;

/** How long one statement may take. */
const TIMEOUT_MS = 30_000;

/** The answer waits in memory up to this size: in a file, as is the default, a full disk makes it empty, with status 200. */
const RESPONSE_BYTES = 2 ** 20;

/** What a server answers: ClickHouse's code (0: done), and the text. */
export interface Answer {
  code: number;
  text: string;
}

/**
 * Runs one statement over HTTP as a user.
 * @throws Unreachable when the server does not answer
 */
export async function ask(url: string, user: string, password: string, sql: string): Promise<Answer> {
  let response: IncomingMessage;
  let body: string;
  try {
    // Not by fetch: loading that takes 50 ms, and every preview asks.
    const question = request(`${url}/?wait_end_of_query=1&buffer_size=${RESPONSE_BYTES}`, {
      method: "POST",
      headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password },
      // A connection of its own, so that none has to be closed.
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // Once there is a response, what goes wrong reaches whoever reads it; without a listener it would end the process as well.
    question.on("error", () => {});
    question.end(sql);
    [response] = (await once(question, "response")) as [IncomingMessage];
    body = (await text(response)).trim();
  } catch (cause) {
    throw new Unreachable(`ClickHouse does not answer at ${url}: start it with make up`, undefined, {
      cause,
    });
  }
  if (response.statusCode === 200) return { code: 0, text: body };
  const code = response.headers["x-clickhouse-exception-code"] ?? /Code: (\d+)\./.exec(body)?.[1] ?? "-1";
  return { code: Number(code), text: body };
}

/** Those of the users whom the server does not let in with these passwords. */
export async function refusedLogins(url: string, passwords: Record<string, string>): Promise<string[]> {
  const users = Object.entries(passwords);
  const answers = await Promise.all(
    users.map(([user, password]) => ask(url, user, password, probe`SELECT 1`)),
  );
  return users.flatMap(([user], index) => (answers[index]?.code === AUTHENTICATION_FAILED ? [user] : []));
}
