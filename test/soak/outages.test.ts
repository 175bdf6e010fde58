import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localServerImage } from "../../images";
import { canHaveEngine, Engine } from "../support/engine";
import { expectedFacts, readFacts } from "../support/model";
import { startHttpReceiver } from "../support/receivers";
import { dockerLines, must, run, signalContainer, TestStack } from "../support/stack";

/**
 * A stack with schedules, alerts and backups, whose containers and whose Docker engine are killed, stopped and restarted in the
 * middle of runs: all of it is back by itself, with the facts that the sandbox expects. The engine is one of this test's own.
 * What `up` does to a schedule: ../soak/schedule.test.ts.
 */
const DATA = { ordersPerDay: 5, days: 10, events: 4 };
/** Between two rounds of the alerts, in ms. */
const ROUND = 10_000;
/** How long the server is stopped. */
const OUTAGE = 600_000;

let engine: Engine;
let stack: TestStack;
let hook: Awaited<ReturnType<typeof startHttpReceiver>>;
let containers: Record<"server" | "qtickets" | "vkAds" | "alerts" | "backup" | "sandbox", string>;
type Part = keyof typeof containers;

const inspect = async (part: Part, format: string) =>
  (await dockerLines("inspect", "-f", format, containers[part])).join("\n");
const log = async (part: Part) => {
  const { stdout, stderr } = await run("docker", ["logs", "--timestamps", containers[part]]);
  return (stdout + stderr).split("\n").sort().join("\n");
};
const signal = (name: NodeJS.Signals, part: Part) => signalContainer(name, containers[part]);

/** Containers of the stack that run, by what Docker says. */
const running = async () => (await dockerLines("ps", "--format", "{{.Names}}")).sort();
const all = () => Object.values(containers).sort();

/** Kind and rule of each message. */
const told = () =>
  hook.letters.map(({ body }) => {
    const { kind, rule = "" } = JSON.parse(body) as Record<string, string>;
    return `${kind} ${rule}`.trim();
  });

/** Whether a job's newest slot is at work. */
async function isAtWork(part: Part): Promise<boolean> {
  const newest = (await log(part)).split(/ Slot .* begins/);
  return newest.length > 1 && !/ ended (ok|partial|failed) | was cut off|is tried again/.test(newest.at(-1)!);
}

/** Waits until these are in the middle of a run, which goes on only when what they wait for does. */
async function hold(by: Part, ...parts: Part[]): Promise<void> {
  // Never all at work at the same moment otherwise.
  await signal("SIGSTOP", by);
  for (const part of parts)
    await expect.poll(() => isAtWork(part), { timeout: 150_000, interval: 500 }).toBe(true);
  // Past its start.
  await sleep(3_000);
}

/** Waits until both jobs have had a good run and a good backup was made since a time, and the facts are those of the sandbox. */
async function recovers(since: number): Promise<void> {
  const good = () =>
    stack
      .sql(
        `SELECT arraySort(groupUniqArray(job)) FROM (
  SELECT toString(job) AS job FROM zakaz.meta_job_runs FINAL WHERE status = 'ok' AND started_at > fromUnixTimestamp(${Math.ceil(since / 1000)})
  UNION ALL SELECT 'backup' FROM meta.backup_runs FINAL WHERE status = 'ok' AND ts > fromUnixTimestamp(${Math.ceil(since / 1000)}))`,
      )
      .catch((error: Error) => error.message);
  await expect.poll(good, { timeout: 240_000, interval: 2_000 }).toBe("['backup','qtickets_api','vk_ads']");
  // A run may be at work; at midnight in Moscow the sandbox gets a day older.
  const differences = async () => {
    const [facts, model] = [await readFacts(stack), expectedFacts(DATA)];
    return {
      missing: model.filter((row) => !facts.includes(row)),
      wrong: facts.filter((row) => !model.includes(row)),
    };
  };
  await expect.poll(differences, { timeout: 60_000, interval: 1_000 }).toEqual({ missing: [], wrong: [] });
  expect(expectedFacts(DATA).length).toBeGreaterThan(100);
}

/** All runs, each with its settings where they belong. */
async function allBack(): Promise<void> {
  await expect.poll(running, { timeout: 120_000 }).toEqual(all());
  for (const [part, path] of [
    ["qtickets", "/etc/zakaz/loader.env"],
    ["vkAds", "/etc/zakaz/loader.env"],
    ["alerts", "/etc/zakaz/alerts.json"],
  ] as const) {
    const stat = await dockerLines("exec", containers[part], "stat", "-c", "%a %u:%g", path);
    expect(stat, part).toEqual(["400 10001:10001"]);
  }
}

describe.runIf(canHaveEngine())("a stack whose containers and engine end without warning", () => {
  beforeAll(async () => {
    engine = await Engine.start(["zakaz/node", localServerImage()]);
    process.env["DOCKER_HOST"] = engine.host;
    stack = new TestStack(`out${process.pid}`);
    stack.prefix = engine.prefix;
    const name = (what: string) => `zakaz-${what}-${stack.instance}`;
    containers = {
      server: stack.server,
      qtickets: name("schedule-qtickets"),
      vkAds: name("schedule-vk-ads"),
      alerts: name("alerts"),
      backup: name("backup"),
      sandbox: name("sandbox"),
    };
    hook = await startHttpReceiver(engine.hostAddress);
    await stack.configure({
      settings: {
        sandbox: JSON.stringify(DATA),
        schedule: JSON.stringify({
          qtickets_api: { at: "every 1m", jitter: "1s", timeout: "15m" },
          vk_ads: { at: "every 1m", jitter: "1s", timeout: "15m" },
        }),
        backup: JSON.stringify({ schedule: "* * * * *" }),
        alerts: JSON.stringify({ enabled: true, everySeconds: ROUND / 1000, rules: { disk: { on: false } } }),
      },
    });
    await stack.useVkAds({ clientId: "id", clientSecret: randomUUID(), accessToken: randomUUID() });
    await stack.setPart("alertChannels[0].kind", "webhook");
    await stack.setPart("alertChannels[0].plainHttp", "true");
    await stack.setSecretPart("alertChannels[0].url", `http://${engine.hostAddress}:${hook.port}/hook`);
    await stack.up();
  });

  afterAll(async () => {
    await stack?.remove();
    await hook?.close();
    delete process.env["DOCKER_HOST"];
    await engine?.remove();
  });

  it("loads, backs up and watches by itself", async () => {
    await allBack();
    await recovers(0);
    expect(told()).toEqual(["test"]);
  });

  it.each<[Part[], Part, Part[]]>([
    [["server"], "sandbox", ["qtickets", "vkAds"]],
    [["qtickets", "vkAds"], "sandbox", ["qtickets", "vkAds"]],
    [["alerts", "backup", "sandbox"], "server", ["qtickets", "backup"]],
  ])("goes on after a crash of %j in the middle of runs", async (parts, by, atWork) => {
    await hold(by, ...atWork);
    // A round that has begun meanwhile waits for the server.
    if (parts.includes("alerts")) await sleep(ROUND);
    const at = Date.now();
    const states = () =>
      Promise.all(parts.map((part) => inspect(part, "{{.RestartCount}} {{.State.Status}}")));
    const expected = (await states()).map((state) => `${Number.parseInt(state) + 1} running`);
    for (const part of parts) await signal("SIGKILL", part);
    await expect.poll(states, { timeout: 60_000 }).toEqual(expected);
    await signal("SIGCONT", by);
    await allBack();
    await recovers(at);
    if (parts.includes("qtickets"))
      expect(await log("qtickets")).toContain("was not finished: it is due again");
  });

  it("is back after a restart of the engine in the middle of runs, also what docker kill has ended", async () => {
    await hold("sandbox", "qtickets", "vkAds");
    const at = Date.now();
    const killed = (["server", "qtickets", "vkAds", "alerts", "backup"] as const).map(
      (part) => containers[part],
    );
    for (const name of killed) await must(run("docker", ["kill", name]));
    // For Docker that is a stop by hand, whatever the policy: nothing starts them before the engine itself starts.
    await sleep(5_000);
    expect(await running()).toEqual([containers.sandbox]);
    await signal("SIGCONT", "sandbox");
    await engine.stop();
    await engine.start();
    await allBack();
    await recovers(at);
  });

  it("is back after a crash of the engine in the middle of runs", async () => {
    await hold("sandbox", "qtickets", "vkAds");
    const at = Date.now();
    await engine.crash();
    await engine.start();
    await allBack();
    await recovers(at);
  });

  it("is back after a power cut in the middle of runs", async () => {
    await hold("sandbox", "qtickets", "vkAds");
    const at = Date.now();
    await engine.cutPower();
    await engine.start();
    await allBack();
    await recovers(at);
  });

  it("is as it was declared after all that", async () => {
    const { code, stdout, stderr } = await stack.pulumi("preview", "--refresh", "--expect-no-changes");
    expect({ code, said: stdout + stderr }).toMatchObject({ code: 0 });
  });

  it("tells once of a server that is stopped for ten minutes, and once that it is back", async () => {
    const missed = async () => {
      const { stdout } = await stack.zakaz("status", "--json");
      const { schedules } = JSON.parse(stdout) as { schedules: { job: string; missed: number }[] };
      return schedules.find(({ job }) => job === "qtickets_api")!.missed;
    };
    const [missedBefore, toldBefore] = [await missed(), told().length];
    await hold("sandbox", "qtickets", "vkAds");
    await must(run("docker", ["stop", containers.server]));
    await signal("SIGCONT", "sandbox");
    await sleep(OUTAGE);
    expect(await inspect("qtickets", "{{.State.Health.Status}}")).toBe("unhealthy");
    expect((await stack.zakaz("status")).stdout).toContain(
      `docker logs --tail 20 ${containers.qtickets}  # says why the last load of qtickets_api failed`,
    );
    await must(run("docker", ["start", containers.server]));
    const at = Date.now();
    await recovers(at);
    await expect
      .poll(() => inspect("qtickets", "{{.State.Health.Status}}"), { timeout: 120_000, interval: 1_000 })
      .toBe("healthy");
    await expect
      .poll(() => told().slice(toldBefore), { timeout: 60_000 })
      .toEqual(["alert server", "recovered server"]);
    // The slots of ten minutes, and one at either end; those that nothing could be loaded in are counted.
    const more = (await missed()) - missedBefore;
    expect(more).toBeGreaterThanOrEqual(OUTAGE / 60_000 - 1);
    expect(more).toBeLessThanOrEqual(OUTAGE / 60_000 + 2);
  });
});
