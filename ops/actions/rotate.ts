import { rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../../exit-codes";
import { passwordKeys } from "../../warehouse/catalogue";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import { Failure, StatementFailure, Unreachable } from "../../warehouse/failure";
import { AUTHENTICATION_FAILED } from "../../warehouse/login";
import { probe } from "../../warehouse/queries";
import type { WarehouseTarget } from "../../warehouse/target";
import { inOrder, Interrupted } from "../interruption";
import { newPassword, type PasswordOwner } from "../password";
import { pulumi, whyUnread } from "../pulumi";
import { readStack } from "../stack";

export interface RotateFlags {
  /** File to be made for the new password, readable by its owner alone. */
  out?: string;
  /** True: the new password is the last line on standard output. */
  print?: boolean;
}

/** How long a server that was replaced may take until it answers, in ms. */
const PATIENCE = 20_000;
/** Before anything was changed nobody has to wait. */
const SHORT_PATIENCE = 1_000;

/**
 * Gives one user of the warehouse a new random password: into the stack's configuration, by `pulumi up` to server
 * and loader, proved by two logins. It is shown to nobody unless asked for.
 * The configuration gets it before the server does: whatever fails behind that, nothing is lost, and
 * `pulumi up` goes on from there.
 * @throws Failure that says in which state things are and how to go on
 */
export async function rotate(who: PasswordOwner, options: RotateFlags): Promise<void> {
  if (options.out !== undefined && options.print) {
    throw new Failure("Choose one of --out and --print: a secret lies in one place", EXIT.usage);
  }
  const [user, name] = Object.entries(passwordKeys).find(([, name]) => name === `${who}Password`)!;
  const key = `zakaz:${name}`;
  const { warehouseTarget: server } = await readStack();
  const old = await readSecret(key);
  await accepts({ ...server, user, password: old }, SHORT_PATIENCE); // a server that does not answer: nothing has been changed yet

  await inOrder(() => replacePassword({ user, key, old, server }, options));
}

/** The work itself: whatever stops it, the configuration or nothing has the new password, and a sentence says which. */
async function replacePassword(
  { user, key, old, server }: { user: string; key: string; old: string; server: WarehouseTarget },
  options: RotateFlags,
): Promise<void> {
  const password = newPassword();
  if (options.out !== undefined) writeNew(options.out, password);
  const set = await pulumi(["config", "set", "--secret", key], { input: password, atInterrupt: "wait" });
  if (set.code !== 0) {
    if (options.out !== undefined) rmSync(options.out);
    throw new Failure(`Nothing was changed: \`pulumi config set\` failed: ${set.stderr.trim()}`);
  }

  const resume = (command: string) =>
    `The new password is in the stack's configuration (${key}): \`${command}\` goes on from here`;
  const up = await pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], {
    onLine: (line) => {
      if (line.trim() !== "" && !line.startsWith("@ ")) process.stderr.write(`${line}\n`);
    },
    atInterrupt: "stop",
  }).catch((error: unknown) => {
    throw error instanceof Interrupted ? new Failure(resume("pulumi up")) : error;
  });
  if (up.code !== 0) {
    throw new Failure(
      `\`pulumi up\` failed, so that ${user} may still have the old password. ${resume("pulumi up")}`,
    );
  }
  if (!(await accepts({ ...server, user, password }))) {
    throw new Failure(
      `The server refuses the new password of ${user} after \`pulumi up\`. ${resume("pulumi up --refresh")}`,
    );
  }
  if (await accepts({ ...server, user, password: old })) {
    throw new Failure(
      `The server still accepts the old password of ${user} after \`pulumi up\`. ${resume("pulumi up --refresh")}`,
    );
  }

  process.stdout.write(
    `${user} has a new password: the server accepts it and refuses the old one (${AUTHENTICATION_FAILED}). ` +
      `It is in ${options.out === undefined ? "" : `${options.out} and in `}the stack's configuration: pulumi config get ${key}\n`,
  );
  if (options.print) process.stdout.write(`${password}\n`);
}

/** The value of a secret key of the selected stack. */
async function readSecret(key: string): Promise<string> {
  const got = await pulumi(["config", "get", key]);
  if (got.code !== 0) throw whyUnread(got.stderr);
  return got.stdout.replace(/\n$/, "");
}

/** Writes a file that must not be there yet: overwriting one could destroy the only copy of another secret. */
function writeNew(file: string, password: string): void {
  try {
    writeFileSync(file, `${password}\n`, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    const why = exists ? "is there already; name another" : `cannot be written: ${(cause as Error).message}`;
    throw new Failure(`Nothing was changed: the file ${file} ${why}`, EXIT.usage, { cause });
  }
}

/**
 * Whether a user may log in with a password.
 * @throws Failure when the server gives no answer to that question
 */
function accepts(target: WarehouseTarget, patience = PATIENCE): Promise<boolean> {
  const deadline = Date.now() + patience;
  return withWarehouse(new Warehouse(target, { request_timeout: PATIENCE }), async (warehouse) => {
    for (;;) {
      try {
        await warehouse.text(probe`SELECT 1`);
        return true;
      } catch (error) {
        if (!(error instanceof StatementFailure || error instanceof Unreachable)) throw error;
        if (error instanceof StatementFailure && error.code === AUTHENTICATION_FAILED) return false;
        if (Date.now() > deadline) throw error;
        await sleep(200);
      }
    }
  });
}
