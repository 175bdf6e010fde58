import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { docker } from "../docker";

/** Label of a scratch engine: who started it, so that the next start removes what a killed one left. */
const LABEL = "zakaz.scratch";

/** The label of an engine of this process. */
export function ownerLabel(): string {
  return `${LABEL}=${ownerOf(process.pid)}`;
}

/** Removes the engines of processes of this machine that are no more. */
export async function removeDead(): Promise<void> {
  const list = await docker([
    "ps",
    "-a",
    "--filter",
    `label=${LABEL}`,
    "--format",
    `{{.ID}} {{.Label "${LABEL}"}}`,
  ]);
  const dead = list.stdout
    .split("\n")
    .map((line) => line.split(" ") as [string, string])
    .filter(
      ([id, owner]) =>
        id && owner?.startsWith(`${hostname()}:`) && owner !== ownerOf(Number(owner.split(":")[1])),
    );
  if (dead.length > 0) await docker(["rm", "-f", "-v", ...dead.map(([id]) => id)]);
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
