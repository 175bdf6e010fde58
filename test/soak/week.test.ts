import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectedFacts, readFacts } from "../support/model";
import { startHttpReceiver } from "../support/receivers";
import { dockerLines, must, run, TestStack } from "../support/stack";

/**
 * A week of half hours by the schedule, back to back: what lives on between loads is after a week as it was after a day.
 * Not proved here: that Docker and the server rotate their logs at the size that they are told.
 */
const DATA = { ordersPerDay: 5, days: 10, events: 4 };
const NEW_YEAR = "0 0 1 1 *";
/** Loads after which it is looked, and over how many before. */
const [DAY, WEEK, WINDOW] = [48, 336, 24];

const stack = new TestStack(`week${process.pid}`);
const name = (what: string) => `zakaz-${what}-${stack.instance}`;
const containers = {
  server: stack.server,
  qtickets: name("schedule-qtickets"),
  vkAds: name("schedule-vk-ads"),
  alerts: name("alerts"),
  backup: name("backup"),
};
let hook: Awaited<ReturnType<typeof startHttpReceiver>>;

const schedule = (at: string) =>
  JSON.stringify({ qtickets_api: { at, jitter: "0s" }, vk_ads: { at: NEW_YEAR, jitter: "0s" } });
const loads = async () =>
  Number(await stack.sql("SELECT count() FROM zakaz.meta_job_runs FINAL WHERE job = 'qtickets_api'"));

/** Memory of a container's processes in kB, but for what they share with others, by process. */
async function memoryOf(container: string): Promise<Map<string, number>> {
  const script = "cat /proc/[0-9]*/status 2>/dev/null; true";
  const { stdout } = await must(run("docker", ["exec", container, "sh", "-c", script]));
  const processes = stdout.split(/^Name:/m).map((text) => ({
    pid: /^Pid:\s+(\d+)/m.exec(text)?.[1],
    kilobytes: /^RssAnon:\s+(\d+) kB/m.exec(text)?.[1],
  }));
  return new Map(
    processes.flatMap(({ pid, kilobytes }) => (pid && kilobytes ? [[pid, Number(kilobytes)]] : [])),
  );
}

/** Bytes of everything that is logged: the containers' own output, and the server's files. */
async function logBytes(): Promise<number> {
  const outputs = Object.values(containers).map(async (container) => {
    const { stdout, stderr } = await run("docker", ["logs", container]);
    return stdout.length + stderr.length;
  });
  const files = await dockerLines("exec", stack.server, "du", "-sb", "/var/log/clickhouse-server");
  return [...(await Promise.all(outputs)), Number.parseInt(files[0]!)].reduce((sum, one) => sum + one, 0);
}

const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;

/** What is there, on average over the last loads up to a count of them. */
async function sizesAt(count: number, begun: number, lasting: Record<string, Set<string>>) {
  const memory: Record<string, number[]> = Object.fromEntries(
    Object.keys(containers).map((part) => [part, []]),
  );
  const parts: Record<"warehouse" | "system", number[]> = { warehouse: [], system: [] };
  const look = async () => {
    const made = (await loads()) - begun;
    if (made < count - WINDOW) return made;
    for (const [part, container] of Object.entries(containers)) {
      const now = [...(await memoryOf(container))].filter(([pid]) => lasting[part]!.has(pid));
      memory[part]!.push(now.reduce((sum, [, kilobytes]) => sum + kilobytes, 0));
    }
    const [warehouse, system] = (
      await stack.sql(
        "SELECT countIf(database != 'system'), countIf(database = 'system') FROM system.parts WHERE active",
      )
    ).split("\t");
    parts.warehouse.push(Number(warehouse));
    parts.system.push(Number(system));
    return made;
  };
  await expect.poll(look, { timeout: 3_600_000, interval: 1_000 }).toBeGreaterThanOrEqual(count);
  const averages = (of: Record<string, number[]>) =>
    Object.fromEntries(Object.entries(of).map(([what, values]) => [what, Math.round(mean(values))]));
  return {
    loads: (await loads()) - begun,
    logged: await logBytes(),
    memory: averages(memory),
    parts: averages(parts),
  };
}

describe("a stack that loads by itself", () => {
  beforeAll(async () => {
    // The host as every container reaches it.
    const gateway = ["network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}"];
    const address = (await must(run("docker", gateway))).stdout.trim();
    hook = await startHttpReceiver("0.0.0.0");
    await stack.configure({
      settings: {
        sandbox: JSON.stringify(DATA),
        schedule: schedule(NEW_YEAR),
        alerts: JSON.stringify({ enabled: true, everySeconds: 10, rules: { disk: { on: false } } }),
      },
    });
    await stack.useVkAds({
      clientId: "id",
      clientSecret: "secret-of-the-client",
      accessToken: "token-of-old",
    });
    await stack.setPart("alertChannels[0].kind", "webhook");
    await stack.setPart("alertChannels[0].plainHttp", "true");
    await stack.setSecretPart("alertChannels[0].url", `http://${address}:${hook.port}/hook`);
    await stack.up();
  });

  afterAll(async () => {
    await stack.remove();
    await hook?.close();
  });

  it("is after a week as it was after a day", { timeout: 3_600_000 }, async () => {
    await stack.set("schedule", schedule("every 1s"));
    await stack.up();
    const begun = await loads();
    const first = await logBytes();
    // Of a load that has begun already nothing is left when it is looked.
    const lasting: Record<string, Set<string>> = {};
    for (const [part, container] of Object.entries(containers)) {
      lasting[part] = new Set((await memoryOf(container)).keys());
    }
    const day = await sizesAt(DAY, begun, lasting);
    const week = await sizesAt(WEEK, begun, lasting);
    process.stdout.write(`${JSON.stringify({ first, day, week }, null, 2)}\n`);

    // Parts that are merged are of ever larger sizes: of seven times the rows, as the server's own logs have, some more are kept.
    for (const [what, most] of [
      ["memory", 1.1],
      ["parts", 1.5],
    ] as const) {
      for (const [part, size] of Object.entries(week[what])) {
        expect(size, `${what} of ${part}`).toBeGreaterThan(0);
        expect(size, `${what} of ${part}`).toBeLessThanOrEqual(most * day[what][part]!);
      }
    }
    const perLoad = (from: { logged: number; loads: number }, to: typeof from) =>
      (to.logged - from.logged) / (to.loads - from.loads);
    expect(perLoad(day, week)).toBeLessThanOrEqual(1.1 * perLoad({ logged: first, loads: 0 }, day));
    // At midnight in Moscow the sandbox gets a day older, and the next load brings it.
    const isRight = async () => (await readFacts(stack)).join() === expectedFacts(DATA).join();
    await expect.poll(isRight, { timeout: 60_000, interval: 1_000 }).toBe(true);
    expect(hook.letters).toHaveLength(1);
  });
});
