import { writeFileSync } from "node:fs";

/** Says how a schedule is; called at least every half minute, so that silence means a process that hangs. */
export type HealthReport = (health: { ok: boolean; text: string }) => void;

/** Writes the health into a file, for the health check of the container. */
export function healthFile(path: string): HealthReport {
  return ({ ok, text }) => writeFileSync(path, `${ok ? "ok" : "failed"}: ${text}\n`);
}

/**
 * The health check of a container whose program writes that file: shows its line, and is well when the line is not older than
 * two minutes and begins with `ok`. It starts no second Node.
 */
export function healthCheck(path: string): string[] {
  return ["CMD-SHELL", `cat ${path} && find ${path} -mmin -2 | grep -q . && grep -q ^ok ${path}`];
}
