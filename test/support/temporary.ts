import { createHash } from "node:crypto";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** Where tsx and Pulumi's ts-node keep what they have compiled, by content, in the temporary folder. */
const COMPILED = [`tsx-${userInfo().uid}`, `ts-node-${createHash("sha256").update(homedir()).digest("hex")}`];

/**
 * Makes a folder for the temporary files of a test's programs. What is compiled once for all is linked into it: a program would
 * compile everything anew otherwise, which takes longer than most of what it does.
 */
export function makeTemporary(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of COMPILED) {
    mkdirSync(join(tmpdir(), name), { recursive: true });
    if (!existsSync(join(folder, name))) symlinkSync(join(tmpdir(), name), join(folder, name));
  }
}

/** Whether an entry of such a folder is what {@link makeTemporary} has put there. */
export const isCompiled = (name: string): boolean => COMPILED.includes(name);
