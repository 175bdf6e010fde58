import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { AccessRequest } from "../access/access-service";
import { readAll } from "../http";
import { paths } from "../paths";
import type { AccessAnswer } from "../socket-server";
import type { ClientArguments } from "./arguments";
import { NetworkError, ServerError } from "./session";

/** How long the supervisor's socket may be missing: it is there a moment after the container has started. */
const connectPatienceMs = 5000;

/** An access statement that was refused, with its number in the whole input. */
export class AccessRefused extends ServerError {
  constructor(
    readonly number: number,
    code: number,
    message: string,
  ) {
    super(code, message, "");
  }
}

/** True for statements about users, roles, profiles, quotas and grants, which the engine itself cannot keep. */
export function isAccessStatement(words: string[]): boolean {
  const text = words.join(" ").toUpperCase();
  return /^(?:(?:CREATE|ALTER|DROP) (?:OR REPLACE )?(?:USER|ROLE|SETTINGS PROFILE|PROFILE|QUOTA|ROW POLICY|POLICY|MASKING POLICY)|GRANT|REVOKE|SET DEFAULT ROLE|MOVE (?:USER|ROLE|QUOTA|SETTINGS PROFILE))\b/.test(
    text,
  );
}

/** Collects access statements and hands them to the supervisor together: one restart of the engine for all of them. */
export class AccessQueue {
  private readonly pending: { number: number; text: string }[] = [];
  private unchecked = false;

  constructor(private readonly args: ClientArguments) {}

  get empty(): boolean {
    return this.pending.length === 0;
  }

  add(number: number, text: string): void {
    this.pending.push({ number, text });
    this.unchecked = true;
  }

  /** Finds the mistakes in what was collected before a later statement runs. Throws AccessRefused. */
  async check(): Promise<void> {
    if (!this.unchecked) return;
    await this.send(true);
    this.unchecked = false;
  }

  /** Applies what was collected; returns whether the engine was restarted. Throws AccessRefused, and then applies nothing. */
  async flush(): Promise<boolean> {
    if (this.empty) return false;
    const restarted = await this.send(false);
    this.pending.length = 0;
    this.unchecked = false;
    return restarted;
  }

  private async send(checkOnly: boolean): Promise<boolean> {
    const { user, password } = this.args;
    const statements = this.pending.map(({ text }) => text);
    const answer = await post({ user, password, statements, checkOnly });
    if ("restarted" in answer) return answer.restarted;
    const culprit = this.pending[answer.index ?? 0];
    throw new AccessRefused(culprit?.number ?? 1, answer.code, answer.message);
  }
}

async function post(body: AccessRequest): Promise<AccessAnswer> {
  const giveUpAt = Date.now() + connectPatienceMs;
  for (;;) {
    try {
      return await postOnce(body);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      if (!["ENOENT", "ECONNREFUSED"].includes(code) || Date.now() > giveUpAt) {
        throw new NetworkError(`No answer from the engine's supervisor: ${message}`, { cause: error });
      }
      await sleep(50);
    }
  }
}

function postOnce(body: AccessRequest): Promise<AccessAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: paths.socket, method: "POST", agent: false }, (response) => {
      readAll(response).then((text) => resolve(JSON.parse(text) as AccessAnswer), reject);
    });
    call.on("error", reject);
    call.end(JSON.stringify(body));
  });
}
