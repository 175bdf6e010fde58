import { JOURNAL } from "../../loaders/pipeline/source";
import { sources } from "../../loaders/sources";
import { differencesOf } from "../../warehouse/access/drift";
import { fixableOf, sentence } from "../../warehouse/access/difference";
import { DATABASE, DATABASES } from "../../warehouse/catalogue";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import { Failure, StatementFailure, Unreachable } from "../../warehouse/failure";
import { AUTHENTICATION_FAILED } from "../../warehouse/login";
import { asAdmin } from "../../warehouse/queries";
import { describeDifference, type Difference } from "../../warehouse/schema/difference";
import { Journal } from "../../warehouse/schema/journal";
import { readPlan, type Plan } from "../../warehouse/schema/plan";
import { inspectContainer, stateOf, type Container } from "../container";
import { knownPasswords, type StackOutputs } from "../stack";
import { readAlerts, readOpenAlerts, type Alerts } from "./alerts";
import { freshnessOf, type Freshness } from "./freshness";
import { countMissed, readSchedules, type ScheduleStatus } from "./schedules";

/** What `npx zakaz status --json` prints. What could not be read is null or empty, and `why` beside it says why. */
export interface Status {
  server: Server;
  network: string | null;
  loaderImage: string | null;
  /** Where data come from it. Its state: Docker's word, or `stopped`. */
  sandbox: { container: string; state: string } | null;
  schema: Conformity;
  access: Conformity;
  /** Runs that hold a lease now. */
  running: { job: string; runId: string; renewedAt: string }[];
  runs: {
    /** Rows of the journal. */
    total: number | null;
    why: string | null;
    /** The newest run of each job, the newest first. */
    last: LastRun[];
  };
  /** Jobs that load by themselves. */
  schedules: ScheduleStatus[];
  tables: Table[];
  /** What the journal says of those that were made and not deleted; null: it cannot be read. */
  backups: { kept: number; newest: string | null; secondsAgo: number | null } | null;
  /** Null where alerts are not switched on. */
  alerts: Alerts | null;
}

export interface Server {
  /**
   * `healthy`, or `running` where nobody checks: it answers, as `starting` and `unhealthy` may. `stopped`: its container does not
   * run. `silent`: its container runs, and nobody answers. `refusing`: it does not let `admin` in. `absent`: there is no container,
   * or no stack. Else Docker's word, such as `paused`.
   */
  state: string;
  why: string | null;
  container: string | null;
  url: string | null;
  version: string | null;
  uptimeSeconds: number | null;
  disk: { usedBytes: number; freeBytes: number; totalBytes: number } | null;
}

/** How the server stands against `sql/`. */
export interface Conformity {
  state: "declared" | "drifted" | "unknown";
  why: string | null;
  /** Number of the newest change in the journal (0: none) and its name. */
  revision: { number: number; name: string } | null;
  /** What differs, a few words each. */
  differences: string[];
}

/** Times in Moscow time. */
export interface LastRun {
  job: string;
  status: string;
  startedAt: string;
  /** Since its end. */
  secondsAgo: number;
  rowsProcessed: number;
}

export interface Table {
  table: string;
  /** Of what job. */
  job: string;
  state: Freshness;
  rows: number | null;
  /** What its rows are called. */
  what: string;
  /** Newest write, in Moscow time; null: empty. */
  loadedAt: string | null;
  why: string | null;
}

/** A part of the answer that may fail by itself. */
type Read<T> = { value: T; why: null } | { value: null; why: string };

const UNKNOWN: Conformity = { state: "unknown", why: null, revision: null, differences: [] };

/** Better no answer of a part than a screen that waits. */
const PATIENCE_MS = 5_000;
/** A query for each table, and what else is asked. */
const CONNECTIONS = 24;

/** A stack of which nothing is there. */
export function absentStatus(why: string): Status {
  const server = { state: "absent", why, container: null, url: null };
  return {
    server: { ...server, version: null, uptimeSeconds: null, disk: null },
    network: null,
    loaderImage: null,
    sandbox: null,
    schema: UNKNOWN,
    access: UNKNOWN,
    running: [],
    runs: { total: null, why: null, last: [] },
    schedules: [],
    tables: [],
    backups: null,
    alerts: null,
  };
}

/** Reads how a stack is; a part that cannot be read says why, and the others are there. Changes nothing. */
export async function readStatus(stack: StackOutputs): Promise<Status> {
  const { container: name, clickhouseUrl: url, network, loaderImage } = stack;
  const [container, sandbox, alerts, counted] = await Promise.all([
    inspectContainer(name),
    readSandbox(stack),
    readAlerts(stack.alertsTarget),
    readSchedules(stack),
  ]);
  const known = {
    ...absentStatus(""),
    schedules: counted.map(({ since: _, ...schedule }) => schedule),
    network,
    loaderImage,
    sandbox,
    alerts,
    server: {
      ...{ container: name, url, version: null, uptimeSeconds: null, disk: null },
      ...{ state: stateOf(container), why: container.why ?? null },
    },
  };
  // Another server may answer in the place of one that does not run.
  if (container.status !== "running" && container.status !== "unknown") return known;
  const admin = new Warehouse(stack.warehouseTarget, {
    request_timeout: PATIENCE_MS,
    max_open_connections: CONNECTIONS,
  });
  return withWarehouse(admin, async (warehouse) => {
    try {
      const server = await readServer(warehouse);
      const state = container.health || "running";
      const answers = await readWarehouse(warehouse, stack);
      const running = answers.running.map(({ job }) => job);
      const { value: schedules } = await read(countMissed(warehouse, counted, running));
      return {
        ...known,
        ...answers,
        schedules: schedules ?? known.schedules,
        alerts: alerts && { ...alerts, open: (await read(readOpenAlerts(warehouse))).value },
        server: { ...known.server, ...server, state },
      };
    } catch (error) {
      if (!(error instanceof Unreachable) && !(error instanceof StatementFailure)) throw error;
      return { ...known, server: { ...known.server, ...silence(error, container) } };
    }
  });
}

async function readSandbox({ sandboxContainer: container }: StackOutputs): Promise<Status["sandbox"]> {
  return container === undefined ? null : { container, state: stateOf(await inspectContainer(container)) };
}

/** Of a server that runs and answers no query. */
function silence(
  error: Unreachable | StatementFailure,
  { health, why }: Container,
): Pick<Server, "state" | "why"> {
  if (error instanceof Unreachable)
    return {
      state: health === "starting" ? health : "silent",
      why: why === undefined ? error.reason : `${error.reason}; ${why}`,
    };
  return { state: error.code === AUTHENTICATION_FAILED ? "refusing" : "silent", why: reasonOf(error) };
}

async function readServer(warehouse: Warehouse): Promise<Pick<Server, "version" | "uptimeSeconds" | "disk">> {
  const [row] = await warehouse.rows<{
    version: string;
    uptimeSeconds: number;
    usedBytes: number;
    freeBytes: number;
    totalBytes: number;
  }>(
    asAdmin`SELECT version() AS version, uptime() AS uptimeSeconds, free_space AS freeBytes, total_space AS totalBytes,
  (SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database IN {databases:Array(String)}) AS usedBytes
FROM system.disks WHERE name = 'default'`,
    { databases: DATABASES },
  );
  const { version, uptimeSeconds, ...disk } = row!;
  return { version, uptimeSeconds, disk };
}

async function readWarehouse(
  warehouse: Warehouse,
  stack: StackOutputs,
): Promise<Pick<Status, "schema" | "access" | "running" | "runs" | "tables" | "backups">> {
  const named = tablesOf(stack);
  const [runs, leases, backups, plan, access, accessRevision, ...counts] = await Promise.all([
    read(readRuns(warehouse)),
    read(readLeases(warehouse)),
    read(readBackups(warehouse)),
    read(readPlan(warehouse, new Journal(warehouse))),
    read(differencesOf(warehouse, { ...stack.accessTarget, passwords: knownPasswords(stack) })),
    read(new Journal(warehouse).revision("access")),
    ...named.map(({ table }) => read(countTable(warehouse, table))),
  ]);
  const tables = named.flatMap(({ table, job, what, optional }, i): Table[] => {
    const { value, why } = counts[i]!;
    const broken = why ?? brokenBy(plan.value, table);
    // A data set that was never switched on is nothing to tell.
    if (optional && broken === null && value?.rows === 0) return [];
    const run = runs.value?.find((one) => one.job === job);
    const freshness = freshnessOf(job, value?.rows ?? 0, run?.secondsSinceOk ?? null);
    return [
      {
        ...{ table, job, what, state: broken === null ? freshness : "broken" },
        ...{ rows: value?.rows ?? null, loadedAt: value?.loadedAt ?? null, why: broken },
      },
    ];
  });
  return {
    schema: conformity(plan.value?.revision ?? null, plan.why, schemaDifferences(plan.value)),
    access: conformity(accessRevision.value, access.why, accessDifferences(access.value ?? [])),
    running: leases.value ?? [],
    runs: {
      total: runs.value?.reduce((sum, { total }) => sum + total, 0) ?? null,
      why: runs.why,
      last: (runs.value ?? []).map(({ job, status, startedAt, secondsAgo, rowsProcessed }) => ({
        ...{ job, status, startedAt, secondsAgo, rowsProcessed },
      })),
    },
    tables,
    backups: backups.value,
  };
}

function conformity(
  revision: { number: number; name: string } | null,
  why: string | null,
  differences: string[],
): Conformity {
  const known = revision && { number: revision.number, name: revision.name };
  if (why !== null) return { ...UNKNOWN, why, revision: known };
  return { state: differences.length === 0 ? "declared" : "drifted", why, revision: known, differences };
}

/** What `schema diff` fails for: changes that an apply would make, and what it refuses. */
function schemaDifferences(plan: Plan | null): string[] {
  if (plan === null) return [];
  const others = plan.differences.filter(({ fix }) => fix !== "in place").map(describeDifference);
  return [...plan.changes, ...others];
}

function accessDifferences(differences: Awaited<ReturnType<typeof differencesOf>>): string[] {
  const fixable = fixableOf(differences);
  return [
    ...fixable.map(({ text }) => text),
    ...differences.filter((difference) => !fixable.includes(difference)).map(sentence),
  ];
}

/** Why a table that can be read does not serve: it lacks what `sql/` declares. */
function brokenBy(plan: Plan | null, table: string): string | null {
  const lacks = ({ object, aspect, fix }: Difference) =>
    object === table && fix !== "left alone" && / missing$|: type$/.test(aspect);
  return plan?.differences.find(lacks)?.aspect ?? null;
}

interface NamedTable {
  table: string;
  job: string;
  what: string;
  /** Filled only where an optional data set is switched on. */
  optional: boolean;
}

/** Tables that the switched-on sources write. */
function tablesOf({ loaderTargets }: StackOutputs): NamedTable[] {
  return sources
    .filter(({ job }) => job in loaderTargets)
    .flatMap(({ job, tables }) =>
      tables.map(({ name, rowsAre, writeOnly = false }) => ({
        ...{ table: `${DATABASE}.${name}`, job, what: rowsAre ?? "rows", optional: writeOnly },
      })),
    );
}

async function countTable(
  warehouse: Warehouse,
  table: string,
): Promise<{ rows: number; loadedAt: string | null }> {
  const [row] = await warehouse.rows<{ rows: number; loadedAt: string | null }>(
    asAdmin`SELECT count() AS rows, toString(maxOrNull(_loaded_at)) AS loadedAt FROM ${table} FINAL`,
  );
  return row!;
}

/** The newest run of each job, the newest first. */
function readRuns(
  warehouse: Warehouse,
): Promise<(LastRun & { total: number; secondsSinceOk: number | null })[]> {
  return warehouse.rows(
    asAdmin`SELECT toString(job) AS job, count() AS total, toString(argMax(j.status, (j.started_at, j._ver))) AS status,
  toString(max(j.started_at)) AS startedAt, dateDiff('second', argMax(j.finished_at, (j.started_at, j._ver)), now()) AS secondsAgo,
  argMax(j.rows_processed, (j.started_at, j._ver)) AS rowsProcessed,
  dateDiff('second', maxOrNullIf(j.finished_at, j.status = 'ok'), now()) AS secondsSinceOk
FROM ${JOURNAL} AS j FINAL GROUP BY job ORDER BY startedAt DESC, job`,
  );
}

function readLeases(warehouse: Warehouse): Promise<Status["running"]> {
  return warehouse.rows(
    asAdmin`SELECT toString(source) AS job, toString(run_id) AS runId, toString(_loaded_at) AS renewedAt
FROM meta.watermarks FINAL
WHERE stream = 'lease' AND wm_type = 'ts' AND parseDateTimeBestEffort(wm_value, 'UTC') > now('UTC') ORDER BY job`,
  );
}

async function readBackups(warehouse: Warehouse): Promise<Status["backups"]> {
  const [row] = await warehouse.rows<NonNullable<Status["backups"]>>(
    asAdmin`SELECT countIf(status = 'ok') AS kept, toString(maxOrNullIf(b.ts, b.status = 'ok')) AS newest,
  dateDiff('second', maxOrNullIf(b.ts, b.status = 'ok'), now()) AS secondsAgo
FROM meta.backup_runs AS b FINAL`,
  );
  return row!;
}

/** The value, or why there is none: an expected failure of a part is not one of the whole. */
async function read<T>(reading: Promise<T>): Promise<Read<T>> {
  try {
    return { value: await reading, why: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { value: null, why: reasonOf(error) };
  }
}

/** What failed, without a statement or its data. */
function reasonOf(error: Failure): string {
  return error instanceof StatementFailure
    ? `code ${error.code} ${error.type}: ${error.gist}`
    : error.message;
}
