import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../../../images";
import { FOLDERS } from "../../../lint/code/program";
import type { Fault } from "./faults";

const PLANTED = ["sql", ...FOLDERS];

/** A tree of the repository with one fault in it: folders that it does not touch are links. */
export function plant({ edits }: Pick<Fault, "edits">): string {
  const root = mkdtempSync(join(tmpdir(), "zakaz-fault-"));
  for (const folder of PLANTED) {
    const touched = edits.some(([file]) => file.startsWith(`${folder}/`));
    if (touched) cpSync(join(ROOT, folder), join(root, folder), { recursive: true });
    else symlinkSync(join(ROOT, folder), join(root, folder));
  }
  for (const [file, found, put] of edits) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    if (found === "") {
      appendFileSync(path, put);
      continue;
    }
    const before = readFileSync(path, "utf8");
    const after = before.replace(found, put.toString());
    if (after === before) throw new Error(`${file} holds no ${String(found)}`);
    writeFileSync(path, after);
  }
  return root;
}

/** A finding of a fault with the numbers of its lines. */
export function withLines(finding: string, root: string): string {
  return finding.replace(/(\S+):«([^»]*)»/g, (_, file: string, text: string) => {
    const lines = readFileSync(join(root, file), "utf8").split("\n");
    return `${file}:${lines.findIndex((line) => line.includes(text)) + 1}`;
  });
}
