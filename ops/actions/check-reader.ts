import { Warehouse, withWarehouse } from "../../warehouse/client";
import { ask, type Answer } from "../../warehouse/datalens/connection";
import { DATASETS, fieldsOf } from "../../warehouse/datalens/datasets";
import { datasetQueries, metadataQueries, type Query } from "../../warehouse/datalens/queries";
import { Failure, StatementFailure, Unreachable } from "../../warehouse/failure";
import { probeId } from "../../warehouse/login";
import type { WarehouseTarget } from "../../warehouse/target";
import { printAnswer, type JsonFlag, type TargetFlag } from "../command";
import { readTarget } from "../stack";
import { probe } from "../../warehouse/queries";

/** What must be refused, with the codes ClickHouse may give: 497 no such right, 164 readonly, 392 and 452 settings. */
const FORBIDDEN: readonly (Query & { settings?: Record<string, string>; codes: readonly number[] })[] = [
  {
    what: "writing",
    sql: probe`INSERT INTO zakaz.plan_sales (sales_date) VALUES ('2000-01-01')`,
    codes: [497, 164],
  },
  { what: "reading a table", sql: probe`SELECT count() FROM zakaz.fact_qtickets_orders`, codes: [497] },
  { what: "readonly=0", sql: probe`SELECT 1`, settings: { readonly: "0" }, codes: [164] },
  { what: "readonly=1", sql: probe`SELECT 1`, settings: { readonly: "1" }, codes: [164] },
  {
    what: "a time limit above its own",
    sql: probe`SELECT 1`,
    settings: { max_execution_time: "301" },
    codes: [452],
  },
];

export interface CheckReaderFlags extends JsonFlag, TargetFlag {
  /** One line per query. */
  list?: boolean;
}

/** DataLens gives up sooner on a server that does not answer; a check may wait longer. */
const TIMEOUT_MS = 80_000;

/** A query that was answered. */
interface Answered {
  what: string;
  rows: number;
  ms: number;
}

/**
 * Speaks to the warehouse as DataLens does, as `datalens_reader` over HTTP: its settings, its metadata queries, the
 * queries of every dataset of docs/datalens.md; and makes sure that what it must not do is refused.
 * @throws Failure naming the first query that went wrong
 */
export async function checkReader(flags: CheckReaderFlags): Promise<void> {
  const target = await readTarget("readerTarget", flags.target);
  const answered: Answered[] = [];
  await withWarehouse(new Warehouse(target, { request_timeout: TIMEOUT_MS }), async (warehouse) => {
    for (const query of metadataQueries(DATASETS)) answered.push(await expectAnswer(warehouse, query));
    for (const dataset of DATASETS) {
      for (const query of datasetQueries(dataset)) {
        const fields = query.fields ? fieldsOf(dataset) : undefined;
        answered.push(await expectAnswer(warehouse, query, fields));
      }
    }
    for (const forbidden of FORBIDDEN) await expectRefusal(warehouse, forbidden);
  });
  const { user, url } = target;
  const answer = {
    user,
    url,
    datasets: DATASETS.length,
    queries: answered,
    refused: FORBIDDEN.map(({ what }) => what),
  };
  printAnswer(flags, answer, describe(target, answered, flags.list ?? false));
}

async function expectAnswer(
  warehouse: Warehouse,
  { what, sql }: Query,
  fields?: readonly string[],
): Promise<Answered> {
  const began = performance.now();
  let answer: Answer;
  try {
    answer = await ask(warehouse, sql);
  } catch (cause) {
    if (cause instanceof Unreachable) throw cause;
    const { user, url } = warehouse.target;
    throw new Failure(
      `${user} at ${url} got no answer to "${what}" (${sql}): ${(cause as Error).message}`,
      undefined,
      { cause },
    );
  }
  if (fields) expectFields(what, fields, answer);
  return { what, rows: answer.data.length, ms: performance.now() - began };
}

function expectFields(what: string, wanted: readonly string[], answer: Answer): void {
  const got = answer.meta.map((column) => column.name);
  if (got.join() !== wanted.join())
    throw new Failure(`${what}: fields ${wanted.join(", ")} wanted, ${got.join(", ")} found`);
}

async function expectRefusal(
  warehouse: Warehouse,
  { what, sql, settings, codes }: (typeof FORBIDDEN)[number],
): Promise<void> {
  const { user, url } = warehouse.target;
  try {
    await ask(warehouse, sql, { queryId: probeId(), ...(settings && { settings }) });
  } catch (error) {
    if (error instanceof StatementFailure && codes.includes(error.code)) return;
    throw new Failure(
      `${user} at ${url}: ${what} should be refused with code ${codes.join(" or ")}, but: ${(error as Error).message}`,
      undefined,
      { cause: error },
    );
  }
  throw new Failure(
    `${user} at ${url}: ${what} is not refused; see what differs with npx zakaz access diff, fix it with pulumi up`,
  );
}

function describe(target: WarehouseTarget, answered: Answered[], list: boolean): string {
  const lines = list
    ? answered.map(
        ({ what, rows, ms }) =>
          `${what.padEnd(48)} ${String(rows).padStart(7)} rows ${ms.toFixed(1).padStart(8)} ms`,
      )
    : [];
  const total = answered.reduce((sum, { ms }) => sum + ms, 0);
  const slowest = answered.reduce((worst, one) => (one.ms > worst.ms ? one : worst));
  lines.push(
    `${target.user} at ${target.url}, as DataLens connects: ${answered.length} queries on ${DATASETS.length} datasets answered in ${Math.round(total)} ms ` +
      `(slowest: ${slowest.what}, ${Math.round(slowest.ms)} ms); ${FORBIDDEN.length} forbidden ones refused.`,
  );
  return `${lines.join("\n")}\n`;
}
