import { existsSync, readFileSync, statSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crowding } from "../support/crowding";
import { QueryLoop } from "../support/query-loop";
import { run, TestStack } from "../support/stack";

/**
 * Rotation of passwords on a stack at work: the reader and the loader's user ask all the while, about fifty times a
 * second each. What others notice, how long the reader is locked out, and that a new password stays.
 */
const stack = new TestStack(`rot${process.pid}`);
const { secrets, server } = stack;
/** The embedded engine may be away this long for a change of access, in ms, on a machine that has a core for it. */
const LONGEST_RESTART = 3_000;

const LOADER_SQL = "SELECT count() FROM zakaz.dim_events";
const READER_SQL = "SELECT count() FROM bi.v_ops_freshness";

const loop = (user: string, password: string, sql: string) =>
  new QueryLoop(`http://127.0.0.1:${stack.httpPort}`, user, password, sql);

/** ClickHouse's error code for a login, or 0. */
async function login(user: string, password: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const answer = await fetch(`http://127.0.0.1:${stack.httpPort}/?query=SELECT%201`, {
    headers: { authorization },
  });
  await answer.text();
  return Number(answer.headers.get("x-clickhouse-exception-code") ?? 0);
}

/** Rows of a table that a load fills. */
const rows = () => stack.sql("SELECT count() FROM zakaz.stg_qtickets_api_orders_raw FINAL");

async function healthy(): Promise<void> {
  const state = async () =>
    (await run("docker", ["inspect", "-f", "{{.State.Health.Status}}", server])).stdout;
  await expect.poll(state, { timeout: 60_000 }).toBe("healthy\n");
}

beforeAll(async () => {
  await stack.configure();
  await stack.up();
});

afterAll(() => stack.remove());

describe("zakaz rotate datalens, with reader and loader at work", () => {
  it("changes the reader's password; others notice one restart of at most 3 s", async () => {
    const file = join(stack.folder, "reader-password");
    const loader = loop("etl_writer", secrets.loaderPassword, LOADER_SQL);
    const before = loop("datalens_reader", secrets.datalensPassword, READER_SQL);
    const rotation = stack.zakaz("rotate", "datalens", "--out", file);
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
    const password = readFileSync(file, "utf8").trim();
    const previous = secrets.datalensPassword;
    secrets.datalensPassword = password;
    const after = loop("datalens_reader", password, READER_SQL);
    const { code, stdout, stderr } = await rotation;
    const [others, old, fresh] = await Promise.all([loader.stop(), before.stop(), after.stop()]);

    expect(stderr).not.toContain("zakaz:");
    expect(code).toBe(0);
    expect(stdout).toContain(
      "datalens_reader has a new password: the server accepts it and refuses the old one (516)",
    );
    const window = fresh.firstSuccess! - old.lastSuccess!;
    process.stdout.write(
      `Rotation under load: etl_writer ${others.queries} queries (${others.perSecond}/s), ${others.failed} failed ` +
        `(${others.reasons}) within ${others.outage} ms; datalens_reader ${old.queries} queries (${old.perSecond}/s), ` +
        `window between the last answer to the old password and the first to the new one: ${window} ms; load of the machine ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores\n`,
    );
    const longest = LONGEST_RESTART * crowding();
    expect(others.outage).toBeLessThanOrEqual(longest);
    expect(window).toBeLessThanOrEqual(longest);
    // 394: a query that was running when the engine stopped. Nobody but the reader is ever refused a login.
    expect([0, 394]).toEqual(expect.arrayContaining(others.codes));
    // From its one moment on the old password is refused, and the new one is not.
    expect(old.codes).toContain(516);
    expect([0, 394, 516]).toEqual(expect.arrayContaining(old.codes));
    expect(fresh.codesAfterFirstSuccess).toEqual([]);

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await login("datalens_reader", previous)).toBe(516);
    expect(await login("datalens_reader", password)).toBe(0);
    for (const text of [stdout, stderr]) expect(text).not.toContain(password);
  });

  it("leaves nothing to be changed", async () => {
    expect((await stack.pulumi("preview", "--expect-no-changes")).code).toBe(0);
  });

  it("survives a restart of the container", async () => {
    await run("docker", ["restart", server]);
    await healthy();
    expect(await login("datalens_reader", secrets.datalensPassword)).toBe(0);
  });
});

describe("zakaz rotate admin and loader", () => {
  it("replaces the container for admin's; data and the other passwords stay", async () => {
    const inspect = async () => (await run("docker", ["inspect", "-f", "{{.Id}}", server])).stdout;
    const [container, loaded] = [await inspect(), await rows()];
    const { code, stdout, stderr } = await stack.zakaz("rotate", "admin", "--print");
    expect(stderr).not.toContain("zakaz:");
    expect(code).toBe(0);
    const old = secrets.adminPassword;
    secrets.adminPassword = stdout.trimEnd().split("\n").at(-1)!;
    expect(stderr).not.toContain(secrets.adminPassword);
    expect(await inspect()).not.toBe(container);
    expect(await login("admin", old)).toBe(516);
    expect(Number(loaded)).toBeGreaterThan(0);
    expect(await rows()).toBe(loaded);
    expect(await login("datalens_reader", secrets.datalensPassword)).toBe(0);
    expect(await login("etl_writer", secrets.loaderPassword)).toBe(0);
  });

  it("gives the loader its new password as well: it loads", async () => {
    expect((await stack.zakaz("rotate", "loader")).code).toBe(0);
    expect(await login("etl_writer", secrets.loaderPassword)).toBe(516);
    expect((await stack.zakaz("load")).code).toBe(0);
    expect((await stack.pulumi("preview", "--expect-no-changes")).code).toBe(0);
  });

  it("says what to do when the update fails, and `pulumi up` goes on from there", async () => {
    const file = join(stack.folder, "second-password");
    await run("docker", ["rename", server, `${server}-away`]);
    const { code, stderr } = await stack.zakaz("rotate", "datalens", "--out", file);
    await run("docker", ["rename", `${server}-away`, server]);
    const password = readFileSync(file, "utf8").trim();
    expect(code).toBe(1);
    expect(stderr).toContain(
      "zakaz: `pulumi up` failed, so that datalens_reader may still have the old password. The new password is in the " +
        "stack's configuration (zakaz:datalensPassword): `pulumi up` goes on from here",
    );
    expect(stderr).not.toContain(password);
    expect(await login("datalens_reader", secrets.datalensPassword)).toBe(0);
    await stack.up();
    expect(await login("datalens_reader", secrets.datalensPassword)).toBe(516);
    expect(await login("datalens_reader", password)).toBe(0);
  });
});
