import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";

/**
 * Writes a file at the place that a flag names, with the folders above it.
 * @throws Failure when that is not possible
 */
export function writeOutput(path: string, text: string, flag = "--out"): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Failure(`${path} cannot be written (${code}): name another place behind ${flag}`, EXIT.usage, {
      cause,
    });
  }
}
