import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerLines, run, signalContainer, TestStack } from "../support/stack";

/**
 * A stack that loads by itself: what `up` starts and what it does not. Not proved here: which slot is due when (test/unit/schedule), what
 * many loads leave (test/soak/week.test.ts), and that loads go on after an end of each container, of the server or of the engine
 * (test/soak/outages.test.ts).
 */
const stack = new TestStack(`sched${process.pid}`);
const container = `zakaz-schedule-qtickets-${stack.instance}`;
const sandbox = `zakaz-sandbox-${stack.instance}`;

/** Never while this test runs. */
const NEW_YEAR = "0 0 1 1 *";

const schedule = (at: string, jitter = "1s") =>
  JSON.stringify({ qtickets_api: { at, jitter, timeout: "5m" } });
const inspect = async (format: string, name = container) =>
  (await dockerLines("inspect", "-f", format, name)).join("\n");
const health = () => inspect("{{.State.Health.Status}}");
const log = async () => {
  const { stdout, stderr } = await run("docker", ["logs", container]);
  return stdout + stderr;
};

/** Runs of Qtickets in the journal, of one status if it is named. */
async function journaled(status?: string): Promise<number> {
  const more = status === undefined ? "" : ` AND status = '${status}'`;
  return Number(
    await stack.sql(`SELECT count() FROM zakaz.meta_job_runs FINAL WHERE job = 'qtickets_api'${more}`),
  );
}

/** Rows and sums, newest versions only. */
const facts = () =>
  stack.sql(`SELECT * FROM (
    SELECT 'orders', count(), sum(revenue), sum(tickets_sold) FROM zakaz.stg_qtickets_api_orders_raw FINAL
    UNION ALL SELECT 'daily', count(), sum(revenue), sum(tickets_sold) FROM zakaz.fact_qtickets_sales_daily FINAL
    UNION ALL SELECT 'utm', count(), sum(revenue), sum(tickets_sold) FROM zakaz.fact_qtickets_sales_utm_daily FINAL
  ) ORDER BY 1`);

/** Brings the stack up; answers how many resources were changed, and how. */
async function upChanging(): Promise<Record<string, number>> {
  await stack.up();
  const { stdout } = await stack.pulumi("stack", "history", "--json", "--page-size", "1");
  const [{ resourceChanges }] = JSON.parse(stdout) as [{ resourceChanges: Record<string, number> }];
  const { same: _, ...changed } = resourceChanges;
  return changed;
}

/** Waits for one more good run than there are. */
async function nextGoodRun(): Promise<void> {
  const before = await journaled("ok");
  await expect.poll(() => journaled("ok"), { timeout: 180_000, interval: 2_000 }).toBeGreaterThan(before);
}

/** Makes the run of a slot hang: the vendor does not answer. Waits until there is one. */
async function holdRun(): Promise<void> {
  await signalContainer("SIGSTOP", sandbox);
  const newestSlot = async () => (await log()).split(/ Slot .* begins /).at(-1);
  const isHeld = async () => /Fetching events(?!.* ended )/s.test((await newestSlot()) ?? "");
  await expect.poll(isHeld, { timeout: 120_000, interval: 500 }).toBe(true);
}

let loaded: string;

beforeAll(async () => {
  await stack.configure({ settings: { schedule: schedule(NEW_YEAR) } });
});

afterAll(() => stack.remove());

describe("a stack with a schedule", () => {
  it("comes up, loads once, and says when the next load is due", async () => {
    const said = await stack.up();
    expect(said).toMatch(
      /qtickets_api loads by itself \(0 0 1 1 \*\); the next load is due at \d{4}-01-01 00:00:00 Moscow time/,
    );
    expect(await health()).toBe("healthy");
    expect(await journaled()).toBe(1);
    loaded = await facts();
    expect(await stack.changes()).toEqual([]);
    const refresh = await stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    expect(refresh.stdout + refresh.stderr).not.toContain("error:");
    expect(refresh.code).toBe(0);
  });

  it("has a container without rights, without Docker, with its settings in a file of its user", async () => {
    expect(
      await inspect(
        "{{.Config.User}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}} " +
          "{{.Config.StopTimeout}} {{.HostConfig.LogConfig}}",
      ),
    ).toBe(
      `10001:10001 [ALL] [no-new-privileges:true] ${2 ** 30} always 60 {json-file map[max-file:3 max-size:10m]}`,
    );
    expect(await inspect("{{range .Mounts}}{{.Type}} {{.Destination}}\n{{end}}")).toBe(
      "volume /var/lib/zakaz",
    );
    const stat = ["exec", container, "stat", "-c", "%a %u:%g", "/etc/zakaz/loader.env"];
    expect(await dockerLines(...stat)).toEqual(["400 10001:10001"]);
    const environment = await inspect("{{range .Config.Env}}{{println .}}{{end}}");
    for (const secret of Object.values(stack.secrets)) expect(environment).not.toContain(secret);
  });

  it("tells of it in its status", async () => {
    const { stdout } = await stack.zakaz("status");
    expect(stdout).toMatch(
      /^Next run {3}healthy {2}qtickets_api {2}due \d{4}-01-01 00:00:00 Moscow time {2}\(0 0 1 1 \*\) {2}0 of 0 missed in the last day$/m,
    );
  });

  it("loads nothing for a rotated password: the next load is given it", async () => {
    const before = await inspect("{{.Id}}");
    await stack.setSecret("loaderPassword");
    expect(await stack.changes()).toEqual([
      "update access-apply",
      // Notes the new password, and loads nothing.
      "update qtickets-run-load",
      "update qtickets-run-smoke",
      "update qtickets-schedule-settings",
    ]);
    expect(await upChanging()).toEqual({ update: 4 });
    expect(await inspect("{{.Id}}")).toBe(before);
    const read = await run("docker", ["exec", container, "cat", "/etc/zakaz/loader.env"]);
    expect(read.stdout).toContain(`CLICKHOUSE_PASSWORD=${stack.secrets.loaderPassword}\n`);
    expect(await journaled()).toBe(1);
  });

  it("changes the container alone for another timetable, and loads by that", async () => {
    await stack.set("schedule", schedule("every 20s"));
    expect(await stack.changes()).toEqual([
      "replace qtickets-schedule-container",
      "replace qtickets-schedule-settings",
    ]);
    expect(await upChanging()).toEqual({ replace: 2 });
    expect(await journaled()).toBe(1);
    await nextGoodRun();
    expect(await facts()).toBe(loaded);
    expect(await log()).toMatch(
      /qtickets_api\.schedule INFO Slot .* ended ok after \d+ s; the next slot is /,
    );
  });

  it("ends a run under way before a changed image takes its place, and loads nothing itself", async () => {
    const main = join(stack.project, "loaders/qtickets/main.ts");
    writeFileSync(main, `${readFileSync(main, "utf8")}\nprocess.env["ZAKAZ_E2E_MARK"] = "changed";\n`);
    const [image, good] = [await inspect("{{.Image}}"), await journaled("ok")];
    await holdRun();
    expect(await stack.changes()).toEqual([
      "replace loader-image",
      "replace qtickets-schedule-container",
      "replace qtickets-schedule-settings",
      // Notes the new image, and loads nothing.
      "update qtickets-run-load",
      "update qtickets-run-smoke",
    ]);
    expect(await upChanging()).toEqual({ replace: 3, update: 2 });
    await signalContainer("SIGCONT", sandbox);
    expect(await inspect("{{.Image}}")).not.toBe(image);
    expect(await journaled("ok")).toBe(good);
    expect(
      await stack.sql(
        "SELECT argMax(message, started_at) LIKE '%The run was stopped by SIGTERM%' FROM zakaz.meta_job_runs FINAL WHERE status = 'error'",
      ),
    ).toBe("1");
    await nextGoodRun();
    expect(await facts()).toBe(loaded);
  });

  it("leaves nothing of it behind when the schedule is switched off", async () => {
    await stack.set("schedule", "{}");
    await stack.up();
    expect(await dockerLines("ps", "-a", "--filter", `name=${container}`, "--format", "{{.Names}}")).toEqual(
      [],
    );
  });
});
