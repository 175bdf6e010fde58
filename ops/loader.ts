import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Warehouse, withWarehouse } from "../warehouse/client";
import { Failure } from "../warehouse/failure";
import { docker, type Live, type Result } from "./docker";
import type { LoaderTarget } from "../warehouse/target";
import { loaderLogin } from "./stack";

/** What a run may use; the image itself brings its user, who is not root. */
const LIMITS = [
  "--read-only",
  "--tmpfs=/tmp:rw,noexec,nosuid,nodev,size=64m",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges:true",
  "--memory=1g",
  "--pids-limit=256",
];

/** Codes of `docker run` from here on are the client's own; those behind the last say by which signal a container was ended. */
const CLIENT_FAILED = 125;
const CLIENT_FAILED_LAST = 127;
const NEXT = "npx zakaz status shows what is there, make up brings back what is missing";

/** How long a query of {@link queryAsLoader} may take. */
const QUERY_TIMEOUT_MS = 30_000;

/** Seconds that a run which lost its `zakaz` has for an orderly end; the lease then frees the job. */
const ORPHAN_GRACE = 10;

/**
 * Runs the loader's image once, as the stack does: settings on standard input, nothing in its environment.
 * However this process ends, the container ends with it: after Ctrl-C in good order, and is waited for.
 * @param job the image's program
 * @param flags flags of the loader, e.g. `--dry-run`
 * @param options `live`: which of its output goes to the terminal as well; `file`: what the program imports
 * @throws Failure when Docker cannot run it
 */
export async function runLoader(
  target: LoaderTarget,
  job: string,
  flags: string[],
  { live, file }: { live: Live; file?: Buffer },
): Promise<Result> {
  const settings = Object.entries(target.settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
  const name = `${target.container}-load-${randomBytes(4).toString("hex")}`;
  const args = ["run", "--rm", "-i", "--name", name, ...LIMITS, "--network", target.network];
  args.push(...target.volumes.flatMap((volume) => ["-v", volume]));
  args.push(...target.labels.flatMap((label) => ["-l", label]));
  await requireImage(target.image);
  const release = stopWithUs(name);
  const program = file === undefined ? [job] : [job, "-"];
  const input = file === undefined ? settings : Buffer.concat([Buffer.from(`${settings}---\n`), file]);
  try {
    const command = [...args, target.image, ...program, "--envfile", "-", ...flags];
    const run = await docker(command, input, { live, atInterrupt: "stop" });
    if (run.code < CLIENT_FAILED) return run;
    throw new Failure(
      run.code > CLIENT_FAILED_LAST
        ? `The loader was ended from outside (code ${run.code}), by hand or because its memory was used up: ${NEXT}`
        : `Docker could not start the loader (${/^docker: (.*?)\.?$/m.exec(run.stderr)?.[1] ?? lastLines(run.stderr, 1)}): ${NEXT}`,
    );
  } finally {
    release();
  }
}

/**
 * When an image was built, as Docker says it.
 * @throws Failure when it is not there
 */
export async function requireImage(image: string): Promise<string> {
  const { code, stdout, stderr } = await docker(["image", "inspect", "-f", "{{.Created}}", image]);
  if (code === 0) return stdout.trim();
  throw new Failure(`The loader's image is not to be had (${lastLines(stderr, 1)}): make up builds it`);
}

/**
 * Stops a container as soon as this process has ended, be it by SIGKILL: a shell of its own session waits for the
 * end of a pipe that only this process holds.
 * @returns call it when the container has ended by itself
 */
export function stopWithUs(container: string): () => void {
  // One that was made and not started yet has nothing to stop, and is not removed by its end.
  const script = `read -r ended || { docker stop -t ${ORPHAN_GRACE} "$0"; docker rm -f "$0"; }`;
  const watch = spawn("sh", ["-c", script, container], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watch.on("error", () => {});
  watch.stdin.on("error", () => {});
  return () => void watch.stdin.end("ended\n");
}

/**
 * Runs one query as the loader's user.
 * @returns its rows as TabSeparated, without the last line break
 * @throws StatementFailure, Unreachable
 */
export function queryAsLoader(target: LoaderTarget, sql: string): Promise<string> {
  const login = { ...target, ...loaderLogin(target) };
  const warehouse = new Warehouse(login, { request_timeout: QUERY_TIMEOUT_MS });
  return withWarehouse(warehouse, () => warehouse.text(sql));
}

/** The end of a log, for an error message. */
export function lastLines(log: string, count = 5): string {
  return log.trim().split("\n").slice(-count).join("\n");
}
