import { ClickHouseError, createClient } from "@clickhouse/client";
import { Failure } from "./failure";
import { readTarget } from "./target";

/** A view that dashboards read; it answers with no rows too. */
const VIEW = "zakaz.v_qtickets_sales_dashboard";
/** ClickHouse's code for a right that is missing. */
const ACCESS_DENIED = "497";

/** Reads a dashboard view as `datalens_reader` over HTTP, and makes sure that it cannot write. */
export async function checkReader(source: string | undefined): Promise<void> {
  const target = await readTarget("readerTarget", source);
  const client = createClient({ url: target.url, username: target.user, password: target.password });
  try {
    const answer = await client.query({
      query: `SELECT count() AS events FROM ${VIEW}`,
      format: "JSONEachRow",
    });
    const [row] = await answer.json<{ events: string }>();
    await expectDenied(
      client.command({ query: "INSERT INTO zakaz.plan_sales (sales_date) VALUES ('2000-01-01')" }),
    );
    process.stdout.write(
      `${target.user} reads ${VIEW} at ${target.url}: ${row?.events} events; writing is refused.\n`,
    );
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`${target.user} cannot read ${VIEW} at ${target.url}: ${message}`, undefined, {
      cause,
    });
  } finally {
    await client.close();
  }
}

async function expectDenied(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (error instanceof ClickHouseError && error.code === ACCESS_DENIED) return;
    throw error;
  }
  throw new Failure("datalens_reader could write into zakaz.plan_sales: apply the grants again with make up");
}
