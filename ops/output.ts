import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";

/**
 * Writes a file at the place that a flag names, with the folders above it.
 * @throws Failure when that is not possible
 */
export function writeOutput(path: string, text: string, flag = "--out"): void {
  try {
    makeFolder(dirname(path));
    writeFileSync(path, text);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Failure(`${path} cannot be written (${code}): name another place with ${flag}`, EXIT.usage, {
      cause,
    });
  }
}

/** A folder with those above it. Below one that takes none, such as /proc, Node's own `recursive` never ends. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}
