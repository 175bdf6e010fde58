import { readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../docker";

/** Label of a scratch engine: who started it, so that the next start removes what a killed one left. */
const LABEL = "zakaz.scratch";

/** The label of an engine of this process. */
export function ownerLabel(): string {
  return `${LABEL}=${ownerOf(process.pid)}`;
}

/** Where the configuration of an engine lies until it is copied into its container. */
export function folderOf(container: string): string {
  return join(tmpdir(), container);
}

/** Removes the engines of processes of this machine that are no more. */
export async function removeDead(): Promise<void> {
  const list = await docker([
    "ps",
    "-a",
    "--filter",
    `label=${LABEL}`,
    "--format",
    `{{.Names}} {{.Label "${LABEL}"}}`,
  ]);
  const dead = list.stdout
    .split("\n")
    .map((line) => line.split(" ") as [string, string])
    .filter(
      ([name, owner]) =>
        name && owner?.startsWith(`${hostname()}:`) && owner !== ownerOf(Number(owner.split(":")[1])),
    );
  const names = dead.map(([name]) => name);
  if (names.length > 0) await docker(["rm", "-f", "-v", ...names]);
  for (const name of names) rmSync(folderOf(name), { recursive: true, force: true });
}

/** Machine, process and its start: the number of a dead process may be given to another one. */
function ownerOf(pid: number): string {
  try {
    const startedAt = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19];
    return `${hostname()}:${pid}:${startedAt}`;
  } catch {
    return `${hostname()}:${pid}:ended`;
  }
}
