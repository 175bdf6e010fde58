/** How a plugin process ends: never later than the Pulumi process that started it. */

const PARENT_CHECK_MS = 500;

/**
 * Runs `end` once and then leaves the process, on SIGTERM, SIGINT, SIGHUP, a closed standard input or the death of the
 * parent. Pulumi holds the writing end of the standard input, so that even a `kill -9` of Pulumi closes it; the parent's
 * id is watched as well, for a parent that passed the pipe on to somebody else.
 */
export function endWithParent(end: () => void | Promise<void>): void {
  let ending = false;
  const leave = (): void => {
    if (ending) return;
    ending = true;
    void Promise.resolve(end()).finally(() => process.exit(0));
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, leave);
  for (const event of ["end", "close", "error"]) process.stdin.on(event, leave);
  process.stdin.resume();
  // Writing to a Pulumi that has gone is no reason for a stack trace.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", leave);
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && leave(), PARENT_CHECK_MS).unref();
}
