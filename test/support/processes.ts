import { readdirSync, readFileSync } from "node:fs";

/** Whether a process exists and has not ended: one that waits to be reaped no longer runs. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    return false;
  }
}

/** The running processes whose command line contains a text: their ids with their command lines. */
export function processesWith(text: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    let command: string;
    try {
      command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    } catch {
      continue; // it has ended meanwhile
    }
    if (command.includes(text) && isRunning(Number(entry))) found.set(Number(entry), command);
  }
  return found;
}
