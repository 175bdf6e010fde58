import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { emptyModel, type AccessModel } from "../../access/model";

const version = 1;

/** Reads the access file; a new data folder has none. Throws with the file's name when it is damaged. */
export function loadAccess(file: string): AccessModel {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return emptyModel();
    throw error;
  }
  const stored = parse(text) as { version?: number; model?: AccessModel } | undefined;
  if (stored?.version !== version || !stored.model)
    throw new Error(`The access file ${file} is damaged (without it, users have to be made again)`);
  return stored.model;
}

/** Writes beside and renames: whoever is killed in the middle leaves the old file or the new one. */
export function writeAtomically(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const beside = `${file}.new`;
  const handle = openSync(beside, "w", 0o600);
  writeSync(handle, content);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(beside, file);
  const folder = openSync(dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
}

/** Keeps the model (passwords are hashes in it). */
export function saveAccess(file: string, model: AccessModel): void {
  writeAtomically(file, `${JSON.stringify({ version, model }, null, 1)}\n`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
