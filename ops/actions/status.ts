import { RUN_TABLES } from "../../loaders/pipeline/source";
import { DEFAULT_JOB, sources } from "../../loaders/sources";
import { DATABASE } from "../../warehouse/catalogue";
import { asLoader } from "../../warehouse/queries";
import { printAnswer, type JsonFlag } from "../command";
import { docker } from "../docker";
import { queryAsLoader } from "../loader";
import { findSource } from "../source";
import { loaderTargetOf, readStack, type StackOutputs } from "../stack";

/** What `npx zakaz status --json` prints. */
interface Status {
  /** `health` is Docker's word; null: there is no such container. */
  server: { container: string; health: string | null; url: string };
  network: string;
  loaderImage: string;
  /** The newest run of each job, the newest first; `startedAt` in Moscow time. */
  lastRuns: { job: string; status: string; startedAt: string; rowsProcessed: number }[];
  tables: { table: string; rows: number; what: string }[];
}

/** Short summary of the selected stack: what runs, how much data, how to query it, what to type next. */
export async function status(flags: JsonFlag): Promise<void> {
  const stack = await readStack();
  const answer = await readStatus(stack);
  printAnswer(flags, answer, describe(answer, stack.readerTarget.user));
}

async function readStatus(stack: StackOutputs): Promise<Status> {
  const { container, clickhouseUrl: url, network, loaderImage } = stack;
  const loader = loaderTargetOf(stack, findSource(DEFAULT_JOB, "api"));
  const rowsOf = async (sql: string) =>
    (await queryAsLoader(loader, sql))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t"));
  const health = await docker(["inspect", "-f", "{{.State.Health.Status}}", container]);
  const counted = countedTables(stack);
  const counts = new Map(
    (await rowsOf(
      counted
        .map(({ table }) => asLoader`SELECT '${table}', count() FROM ${table} FINAL`)
        .join(" UNION ALL "),
    )) as [string, string][],
  );
  const runs = await rowsOf(
    asLoader`SELECT job, status, started_at, rows_processed FROM zakaz.meta_job_runs FINAL ORDER BY started_at DESC LIMIT 1 BY job FORMAT TSV`,
  );
  return {
    server: { container, health: health.code === 0 ? health.stdout.trim() : null, url },
    network,
    loaderImage,
    lastRuns: (runs as [string, string, string, string][]).map(([job, status, startedAt, rows]) => ({
      job,
      status,
      startedAt,
      rowsProcessed: Number(rows),
    })),
    tables: counted.map(({ table, what }) => ({ table, rows: Number(counts.get(table)), what })),
  };
}

/** Tables that say how much data there is, each with a word for its rows. */
function countedTables({ loaderTargets }: StackOutputs): { table: string; what: string }[] {
  const tables = sources
    .filter(({ job }) => job in loaderTargets)
    .flatMap((source) =>
      source.tables.map(({ name, rowsAre }) => ({ name: `${DATABASE}.${name}`, rowsAre })),
    );
  return [...tables, ...RUN_TABLES].flatMap(({ name, rowsAre }) =>
    rowsAre === undefined ? [] : [{ table: name, what: rowsAre }],
  );
}

function describe({ server, network, loaderImage, lastRuns, tables }: Status, reader: string): string {
  const runs = lastRuns.map((run) => [run.job, run.status, run.startedAt, run.rowsProcessed].join(" · "));
  const rows = tables.map(({ table, rows, what }) => `${table.replace(`${DATABASE}.`, "")}: ${rows} ${what}`);
  return [
    `Server     ${server.container}: ${server.health ?? "not there, build it with make up"}, ${server.url}`,
    `Network    ${network}`,
    `Loader     ${loaderImage}`,
    ...labelLines("Last run", runs.length === 0 ? ["none yet"] : runs),
    ...labelLines("Rows", rows),
    "",
    `Query it   curl -u ${reader} "${server.url}/?query=SELECT%20*%20FROM%20zakaz.v_qtickets_sales_dashboard"`,
    `           docker exec -it ${server.container} clickhouse-client --user=admin --password=… -q "SHOW TABLES FROM zakaz"`,
    'Next       eval "$(make -s env)", then pulumi preview; make load; make down',
    "",
  ].join("\n");
}

/** Lines under one label, which stands in front of the first. */
function labelLines(label: string, lines: string[]): string[] {
  return lines.map((line, i) => (i === 0 ? label : "").padEnd(11) + line);
}
