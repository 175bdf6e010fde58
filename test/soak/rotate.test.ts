import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QueryLoop } from "../support/query-loop";
import { run, TestStack } from "../support/stack";

/**
 * Rotation of passwords on a stack at work: while one user gets a new password, others ask about fifty times a second each and
 * must not notice anything. That the old password is refused from one moment on, and that a new one stays.
 */
const stack = new TestStack(`rot${process.pid}`);
const { secrets, server } = stack;

/** Who is given a new password, with a query that the user may ask and who asks meanwhile. */
const USERS = {
  admin: { user: "admin", key: "adminPassword", sql: "SELECT count() FROM system.tables" },
  loader: { user: "etl_writer", key: "loaderPassword", sql: "SELECT count() FROM zakaz.dim_events" },
  datalens: {
    user: "datalens_reader",
    key: "datalensPassword",
    sql: "SELECT count() FROM bi.v_ops_freshness",
  },
  backup: { user: "backup_user", key: "backupPassword", sql: "SELECT count() FROM meta.backup_runs" },
  monitor: { user: "zakaz_monitor", key: "monitorPassword", sql: "SELECT count() FROM meta.etl_alerts" },
} as const;
type Who = keyof typeof USERS;

const loop = (who: Who, password: string = secrets[USERS[who].key]) =>
  new QueryLoop(`http://127.0.0.1:${stack.httpPort}`, USERS[who].user, password, USERS[who].sql);

/** ClickHouse's error code for a login, or 0. */
async function login(user: string, password: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const answer = await fetch(`http://127.0.0.1:${stack.httpPort}/?query=SELECT%201`, {
    headers: { authorization },
  });
  await answer.text();
  return Number(answer.headers.get("x-clickhouse-exception-code") ?? 0);
}

/** Codes without 202: backup_user may ask two queries at a time, and its own two loops ask more. */
const withoutBusy = (codes: number[]) => codes.filter((code) => code !== 202);

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

describe("zakaz rotate, with users at work", () => {
  const rotations: [Who, [Who, Who]][] = [
    ["datalens", ["loader", "admin"]],
    ["backup", ["loader", "datalens"]],
    ["monitor", ["loader", "datalens"]],
    ["loader", ["datalens", "admin"]],
  ];
  it.each(rotations)("%s: %j notice nothing", async (who, [first, second]) => {
    const { user, key } = USERS[who];
    const file = join(stack.folder, `${who}-password`);
    const previous = secrets[key];
    const started = await stack.sql("SELECT toUInt32(now() - uptime())");
    const others = [loop(first), loop(second)];
    const before = loop(who, previous);
    const rotation = stack.zakaz("rotate", who, "--out", file);
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
    const password = readFileSync(file, "utf8").trim();
    secrets[key] = password;
    const after = loop(who, password);
    const { code, stdout, stderr } = await rotation;
    const figures = await Promise.all(others.map((one) => one.stop()));
    const [old, fresh] = await Promise.all([before.stop(), after.stop()]);

    expect(stderr).not.toContain("zakaz:");
    expect(code).toBe(0);
    expect(stdout).toContain(
      `${user} has a new password: the server accepts it and refuses the old one (516)`,
    );
    for (const [i, { queries, perSecond, failed, reasons }] of figures.entries()) {
      const name = USERS[[first, second][i]!].user;
      process.stdout.write(
        `rotation of ${user}: ${name} ${queries} queries (${perSecond}/s), ${failed} failed ${reasons}\n`,
      );
      expect(queries).toBeGreaterThan(0);
      expect(failed, `${name}: ${reasons}`).toBe(0);
    }
    // From one moment on the old password is refused, and the new one is not; nothing else ever goes wrong.
    expect(withoutBusy(old.codes)).toEqual([516]);
    expect(withoutBusy(fresh.codesAfterFirstSuccess)).toEqual([]);
    for (const refusal of withoutBusy(fresh.codes)) expect(refusal).toBe(516);
    expect(fresh.firstSuccess).toBeDefined();
    expect(
      Math.abs(Number(await stack.sql("SELECT toUInt32(now() - uptime())")) - Number(started)),
    ).toBeLessThanOrEqual(1);

    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await login(user, previous)).toBe(516);
    expect(await login(user, password)).toBe(0);
    for (const text of [stdout, stderr]) expect(text).not.toContain(password);
  });

  it("leaves nothing to be changed", async () => {
    expect(await stack.changes()).toEqual([]);
  });

  it("survives a restart of the container", async () => {
    await run("docker", ["restart", server]);
    await healthy();
    expect(await login("datalens_reader", secrets.datalensPassword)).toBe(0);
  });
});

describe("zakaz rotate admin", () => {
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

  it("leaves the loader with the password that it was given: it loads", async () => {
    expect(await login("etl_writer", secrets.loaderPassword)).toBe(0);
    expect((await stack.zakaz("load")).code).toBe(0);
    expect(await stack.changes()).toEqual([]);
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
