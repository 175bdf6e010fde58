import { docker, type Result } from "./docker";
import { Failure } from "./failure";
import type { LoaderTarget } from "./target";

/**
 * Runs the loader's image once, as the stack does: settings on standard input, nothing in its environment.
 * @param flags flags of the loader, e.g. `--dry-run`
 */
export function runLoader(target: LoaderTarget, flags: string[], live: boolean): Promise<Result> {
  const settings = Object.entries(target.settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
  const args = [
    "run",
    "--rm",
    "-i",
    "--network",
    target.network,
    "-v",
    `${target.quarantineVolume}:/var/lib/zakaz`,
  ];
  return docker([...args, target.image, "--envfile", "-", ...flags], settings, { live });
}

/**
 * Runs one query as the loader's user with the server's own client.
 * @returns what it prints, without the last line break
 * @throws Failure with ClickHouse's message
 */
export async function queryAsLoader(target: LoaderTarget, sql: string): Promise<string> {
  const { CLICKHOUSE_USER, CLICKHOUSE_PASSWORD } = target.settings;
  const client = [
    "exec",
    "-i",
    "-e",
    "CLICKHOUSE_USER",
    "-e",
    "CLICKHOUSE_PASSWORD",
    target.container,
    "clickhouse-client",
  ];
  const result = await docker(client, sql, { env: { CLICKHOUSE_USER, CLICKHOUSE_PASSWORD } });
  if (result.code !== 0)
    throw new Failure(`ClickHouse in ${target.container} did not answer: ${lastLines(result.stderr)}`);
  return result.stdout.trimEnd();
}

/** The end of a log, for an error message. */
export function lastLines(log: string, count = 5): string {
  return log.trim().split("\n").slice(-count).join("\n");
}
