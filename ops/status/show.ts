import { styleText } from "node:util";
import { counted } from "../command";
import { DATABASE } from "../../warehouse/catalogue";
import type { Alerts } from "./alerts";
import type { Step } from "./next";
import type { Conformity, Server, Status } from "./read";

/** Colours of words that tell a state, on a terminal; any other word is a warning. */
const GOOD = /^(?:healthy|running|fresh|ok|as declared)$/;
const BAD = /^(?:absent|stopped|exited|silent|refusing|unhealthy|restarting|broken|error|drifted)$/;
const PLAIN = /^(?:empty)$/;

/** Longest list of differences; the whole one is in `schema diff` and `access diff`. */
const MOST_DIFFERENCES = 3;

/** Longest name of a change. */
const NAME_LENGTH = 60;

/** How a stack is, on one screen. */
export function showStatus(status: Status, next: Step[], reader: string): string {
  const { server, network, loaderImage, sandbox, schema, access, running, runs, schedules, tables } = status;
  const { backups, alerts } = status;
  const answers = server.version !== null;
  return [
    ...labelled("Server", serverLines(server)),
    ...labelled("Network", network === null ? [] : [network]),
    ...labelled("Loader", loaderImage === null ? [] : [loaderImage]),
    ...labelled("Sandbox", sandbox === null ? [] : [`${sandbox.container}: ${paint(sandbox.state)}`]),
    ...labelled("Schema", answers ? conformityLines(schema) : []),
    ...labelled("Access", answers ? conformityLines(withoutName(access)) : []),
    ...labelled(
      "Running",
      running.map(({ job, runId, renewedAt }) => `${job}, run ${runId}, lease renewed at ${renewedAt}`),
    ),
    ...labelled("Last run", answers ? runLines(runs) : []),
    ...labelled("Next run", columns(paint, schedules.map(scheduleCells))),
    ...labelled(
      "Tables",
      columns(
        paint,
        tables.map(({ table, state, rows, what, loadedAt, why }) => [
          state,
          table.replace(`${DATABASE}.`, ""),
          rows === null ? "" : `${rows} ${what}`,
          why ?? (loadedAt === null ? "" : `loaded ${loadedAt}`),
        ]),
      ),
    ),
    ...labelled("Backups", backups === null ? [] : [backupLine(backups)]),
    ...labelled("Alerts", alerts === null ? [] : alertLines(alerts)),
    ...(answers ? ["", ...labelled("Query it", queryLines(server, reader))] : []),
    "",
    ...labelled(
      "Next",
      columns(
        String,
        next.map(({ type, why }) => [type, `# ${why}`]),
      ),
    ),
    "",
  ].join("\n");
}

function serverLines({ container, state, why, url, version, uptimeSeconds, disk }: Server): string[] {
  const name = container === null ? "" : `${container}: `;
  const facts = [
    name + paint(state),
    ...(why === null ? [] : [why]),
    ...(url === null ? [] : [url]),
    ...(version === null ? [] : [`ClickHouse ${version}`]),
    ...(uptimeSeconds === null ? [] : [`up ${formatSeconds(uptimeSeconds)}`]),
  ];
  if (disk === null) return [facts.join(", ")];
  const { usedBytes, freeBytes, totalBytes } = disk;
  const sizes = `tables take ${formatBytes(usedBytes)}; ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} are free`;
  return [facts.join(", "), sizes];
}

function conformityLines({ state, why, revision, differences }: Conformity): string[] {
  const since = revision === null ? "" : `, revision ${revision.number}${clip(revision.name)}`;
  if (state === "unknown") return [`${paint("unknown")}: ${why}`];
  if (state === "declared") return [paint("as declared") + since];
  const more = differences.length - MOST_DIFFERENCES;
  return [
    `${paint("drifted")}${since}`,
    ...differences.slice(0, MOST_DIFFERENCES).map((difference) => `  ${difference}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** A change of access is named by what was amiss before it, which it is not any more. */
function withoutName(access: Conformity): Conformity {
  return { ...access, revision: access.revision && { ...access.revision, name: "" } };
}

/** The name of a change behind its number; a long one is a list of what was changed. */
function clip(name: string): string {
  if (name === "") return "";
  return name.length <= NAME_LENGTH ? `: ${name}` : `: ${name.slice(0, NAME_LENGTH)} …`;
}

function runLines({ total, why, last }: Status["runs"]): string[] {
  if (why !== null) return [`${paint("unknown")}: ${why}`];
  if (last.length === 0) return ["none yet"];
  const rows = last.map(({ job, status, startedAt, secondsAgo, rowsProcessed }) => [
    ...[status, job, `began ${startedAt}, ended ${formatSeconds(secondsAgo)} ago`, `${rowsProcessed} rows`],
  ]);
  return [
    ...columns(paint, rows),
    `meta_job_runs: ${counted(total ?? 0, "loader run")} (times are Moscow's)`,
  ];
}

function backupLine({ kept, newest, secondsAgo }: NonNullable<Status["backups"]>): string {
  if (newest === null || secondsAgo === null) return "none yet: npx zakaz backup makes one";
  return `${kept}, the newest of ${newest}, ${formatSeconds(secondsAgo)} ago`;
}

function alertLines({ container, state, open }: Alerts): string[] {
  const count = open === null ? "" : open.length === 0 ? ", nothing open" : `, ${open.length} open`;
  const rows = (open ?? []).map(({ severity, since, sentence }) => [severity, `since ${since}`, sentence]);
  return [`${container}: ${paint(state)}${count}`, ...columns(paint, rows)];
}

function scheduleCells({ state, job, at, next, due, missed }: Status["schedules"][number]): string[] {
  const past = due === null || missed === null ? "" : `${missed} of ${due} missed in the last day`;
  return [state, job, `due ${next}`, `(${at})`, past];
}

function queryLines({ container, url }: Server, reader: string): string[] {
  return [
    `curl -u ${reader} "${url}/?query=SELECT%20*%20FROM%20zakaz.v_qtickets_sales_dashboard"`,
    `docker exec -it ${container} clickhouse-client --user=admin --ask-password -q "SHOW TABLES FROM zakaz"`,
  ];
}

/** Lines under one label, which stands in front of the first. */
function labelled(label: string, lines: string[]): string[] {
  return lines.map((line, i) => ((i === 0 ? label : "").padEnd(11) + line).trimEnd());
}

/** Rows as lines with aligned columns, the first in its colour. */
function columns(first: (cell: string) => string, rows: string[][]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? first(cell) : cell) + " ".repeat(widths[i]! - cell.length)).join("  "),
  );
}

/** A word in its colour, on a terminal. */
function paint(word: string): string {
  const format = GOOD.test(word) ? "green" : BAD.test(word) ? "red" : PLAIN.test(word) ? "dim" : "yellow";
  return styleText(format, word, { stream: process.stdout });
}

/** The two greatest units of a duration: `3 d 4 h`, `25 s`. */
export function formatSeconds(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first === -1) return "0 s";
  let rest = seconds;
  return units
    .slice(first, first + 2)
    .flatMap(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? [] : [`${count} ${unit}`];
    })
    .join(" ");
}

/** `1.5 GiB`, `84.0 MiB`. */
function formatBytes(bytes: number): string {
  const units = ["GiB", "MiB", "KiB"];
  const power = [3, 2].find((one) => bytes >= 1024 ** one) ?? 1;
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[3 - power]}`;
}
