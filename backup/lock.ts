import { readFileSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";

/**
 * Does work while no other process does work on the same folder. A lock that a dead process has left is taken over.
 * @throws Failure (exit code 4) when another process is at work
 */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = join(folder, ".lock");
  const self = identityOf(process.pid);
  for (let tries = 1; ; tries++) {
    try {
      const handle = await open(file, "wx", 0o640);
      await handle.writeFile(self);
      await handle.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = await readFile(file, "utf8").catch(() => "");
      const pid = Number(holder.split(" ")[0]);
      if (tries > 3 || (holder !== "" && identityOf(pid) === holder)) {
        throw new Failure(
          "Another backup is at work: wait for its end (npx zakaz backup --list shows it)",
          EXIT.locked,
        );
      }
      await rm(file, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** A process with its start, since the number of a dead one may have been given to another. */
function identityOf(pid: number): string {
  try {
    const startedAt = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19];
    return `${pid} ${startedAt}`;
  } catch {
    return `${pid} ended`;
  }
}
