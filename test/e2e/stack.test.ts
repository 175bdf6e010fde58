import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newPassword } from "../../ops/password";
import { ServerContainer } from "../support/container";
import { describeServer } from "../support/describe-server";
import { COUNTS, sampleOf } from "../support/soak";
import { dockerLines, must, nameless, namelessSince, resourceOf, run, TestStack } from "../support/stack";

/**
 * The life of a stack with the real Pulumi, the real server and the real loader, in the order in which an
 * operator meets it. Each step builds on the one before.
 */
const stack = new TestStack(`e2e${process.pid}`);
const { secrets, server } = stack;
let before: Record<string, string[]>;
let namelessBefore: string[];

/** Everything on the Docker engine that a stack could leave behind. */
async function dockerObjects(): Promise<Record<string, string[]>> {
  return {
    containers: await dockerLines("ps", "-a", "--filter", `name=${stack.instance}`, "--format", "{{.Names}}"),
    networks: await dockerLines(
      "network",
      "ls",
      "--filter",
      `name=${stack.instance}`,
      "--format",
      "{{.Name}}",
    ),
    volumes: await dockerLines("volume", "ls", "--filter", `name=${stack.instance}`, "--format", "{{.Name}}"),
    images: (await dockerLines("images", "--format", "{{.Repository}}:{{.Tag}}")).filter((name) =>
      name.includes(stack.instance),
    ),
  };
}

/** State of the data: rows and sums of staging, dimension and facts, newest versions only. */
function facts(): Promise<string> {
  return stack.sql(`
    SELECT * FROM (
    SELECT 'orders', count(), sum(revenue), sum(refunds), sum(tickets_sold) FROM zakaz.stg_qtickets_api_orders_raw FINAL
    UNION ALL SELECT 'events', count(), 0, 0, sum(is_active) FROM zakaz.dim_events FINAL
    UNION ALL SELECT 'daily', count(), sum(revenue), sum(refunds), sum(tickets_sold) FROM zakaz.fact_qtickets_sales_daily FINAL
    UNION ALL SELECT 'utm', count(), sum(revenue), sum(refunds), sum(tickets_sold) FROM zakaz.fact_qtickets_sales_utm_daily FINAL
    UNION ALL SELECT 'inventory', count(), 0, 0, sum(ifNull(tickets_left, 0)) FROM zakaz.fact_qtickets_inventory_latest FINAL
    ) ORDER BY 1`);
}

/** Rows of Qtickets in the journal, of one status if it is named. A run that is stopped early may leave one or none. */
async function journaled(status?: string): Promise<number> {
  const more = status === undefined ? "" : ` AND status = '${status}'`;
  return Number(await stack.sql(`SELECT count() FROM zakaz.meta_job_runs WHERE job = 'qtickets_api'${more}`));
}

const imageNames = async () =>
  (await dockerLines("images", "--format", "{{.Repository}}:{{.Tag}}")).filter((name) =>
    name.startsWith(`qtickets_api-${stack.instance}:`),
  );

async function reader(password: string, sql: string): Promise<string> {
  const url = `http://127.0.0.1:${stack.httpPort}/?query=${encodeURIComponent(sql)}`;
  const authorization = `Basic ${Buffer.from(`datalens_reader:${password}`).toString("base64")}`;
  return (await fetch(url, { method: "POST", headers: { authorization } })).text();
}

async function expectNoChange(...command: string[]): Promise<void> {
  const { code, stdout, stderr } = await stack.pulumi(...command, "--expect-no-changes");
  expect(stdout + stderr).not.toContain("error:");
  expect(code).toBe(0);
}

beforeAll(async () => {
  before = await dockerObjects();
  namelessBefore = await nameless();
  await stack.configure({ settings: { readerNetworks: '["10.20.0.0/16", "10.21.0.0/16"]' } });
  await stack.useVkAds({ clientId: newPassword(), clientSecret: newPassword(), accessToken: newPassword() });
});

afterAll(() => stack.remove());

describe("the life of a stack", () => {
  it("previews without touching Docker", async () => {
    const preview = await run("pulumi", ["preview", "--non-interactive", "--color=never"], {
      cwd: stack.project,
      env: { ...stack.env, DOCKER_HOST: "unix:///nowhere.sock" },
    });
    expect(preview.stdout).toMatch(/\+ \d+ to create/);
    expect(preview.code).toBe(0);
  });

  it("leaves a server alone that it did not make, and says so", async () => {
    await run("docker", [
      "create",
      "--name",
      server,
      "--label",
      "zakaz.checkout=/elsewhere",
      "zakaz/base",
      "true",
    ]);
    try {
      const up = await stack.pulumi("up", "--yes", "--skip-preview");
      expect(up.code).not.toBe(0);
      expect(up.stdout).toContain(
        `error: Container ${server} belongs to the checkout /elsewhere: remove it there`,
      );
      expect(await dockerLines("ps", "-a", "--filter", `name=${server}`, "--format", "{{.Names}}")).toEqual([
        server,
      ]);
      // What it suggests works as printed, also in a clone that has no stack yet.
      const commands = /of its own: (pulumi .*)/.exec(up.stdout)?.[1] ?? "";
      const clone = join(stack.folder, "clone");
      mkdirSync(join(clone, "state"), { recursive: true });
      copyFileSync(join(stack.project, "Pulumi.yaml"), join(clone, "Pulumi.yaml"));
      const env = { ...stack.env, PULUMI_BACKEND_URL: `file://${clone}/state` };
      const typed = commands.replace("<name>", "second").replaceAll("<port>", "8124");
      await must(run("sh", ["-c", typed], { cwd: clone, env }));
      const { stdout } = await must(run("pulumi", ["config", "--json"], { cwd: clone, env }));
      const values = Object.entries(JSON.parse(stdout) as Record<string, { value: string }>);
      expect(values.map(([key, { value }]) => `${key}=${value}`).sort()).toEqual([
        "zakaz:httpPort=8124",
        "zakaz:instance=second",
        "zakaz:nativePort=8124",
      ]);
    } finally {
      await run("docker", ["rm", server]);
    }
  });

  it("says which image is missing, and what makes it", async () => {
    const file = join(stack.project, "clickhouse/image/users.xml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, `${text}<!-- another image -->\n`);
    const up = await stack.pulumi("up", "--yes", "--skip-preview");
    writeFileSync(file, text);
    expect(up.code).not.toBe(0);
    expect(up.stdout).toMatch(
      /error: Image zakaz\/clickhouse:[0-9a-f]{12} is not on this Docker engine, and no registry has it: toolchain\/setup makes it/,
    );
    expect(up.stdout).not.toMatch(/\n\s+at /);
    expect(await dockerObjects()).toEqual(before);
  });

  it("comes up from nothing", async () => {
    await stack.up();
    expect(await dockerLines("inspect", "-f", "{{.State.Health.Status}}", server)).toEqual(["healthy"]);
    expect(
      await stack.sql(
        "SELECT database, count() FROM system.tables WHERE database IN ('zakaz', 'bi', 'meta') GROUP BY 1 ORDER BY 1",
      ),
    ).toBe("bi\t4\nmeta\t7\nzakaz\t31");
    expect(
      await stack.sql("SELECT job, status, count() FROM zakaz.meta_job_runs GROUP BY 1, 2 ORDER BY 1"),
    ).toBe("qtickets_api\tok\t1\nvk_ads\tok\t1");
    for (const table of [
      "fact_qtickets_sales_daily",
      "stg_vk_ads_daily",
      "fact_vk_ads_daily",
      "v_marketing_costs_daily",
      "v_marketing_daily",
      "v_romi_daily",
    ]) {
      expect(Number(await stack.sql(`SELECT count() FROM zakaz.${table}`)), table).toBeGreaterThan(0);
    }
    for (const view of ["v_vk_ads_daily", "v_marketing_roi_daily"]) {
      expect(Number(await stack.sql(`SELECT countIf(spend > 0) FROM bi.${view}`)), view).toBeGreaterThan(0);
    }
  });

  it("then shows no change in preview and refresh", async () => {
    await expectNoChange("preview");
    await expectNoChange("refresh", "--yes", "--skip-preview");
  });

  if (COUNTS.serverOfStack) {
    describe("has a server that", () => {
      describeServer(
        () => new ServerContainer(server, stack.httpPort, stack.nativePort, secrets.adminPassword),
      );
    });
  }

  it("runs its containers without any right of root, within limits", async () => {
    const format =
      "{{.Config.User}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Memory}} {{.HostConfig.ReadonlyRootfs}}";
    const confined = "[ALL] [no-new-privileges:true]";
    const inspected = dockerLines(
      "inspect",
      "-f",
      format,
      server,
      `zakaz-sandbox-${stack.instance}`,
      `zakaz-backup-${stack.instance}`,
    );
    expect(await inspected).toEqual([
      `101:101 ${confined} ${4096 * 2 ** 20} false`,
      `10001:10001 ${confined} ${1024 * 2 ** 20} true`,
      `101:101 ${confined} ${256 * 2 ** 20} false`,
    ]);
    const status = await run("docker", ["exec", server, "cat", "/proc/1/status"]);
    expect(status.stdout).toMatch(/CapBnd:\t0+\n/);
    expect(
      await stack.sql("SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"),
    ).toBe(String(Math.floor(0.8 * 4096 * 2 ** 20)));
  });

  it("stops a load, confined likewise, when its `zakaz` is killed; the next one loads", async () => {
    const sandbox = `zakaz-sandbox-${stack.instance}`;
    const runs = () => dockerLines("ps", "-a", "--filter", `name=${server}-load`, "--format", "{{.Names}}");
    await run("docker", ["pause", sandbox]);
    try {
      const load = spawn("node", ["ops/zakaz.cjs", "load"], {
        cwd: stack.project,
        env: stack.env,
        detached: true,
        stdio: "ignore",
      });
      await expect.poll(runs, { timeout: 60_000 }).toHaveLength(1);
      const format =
        "{{.Config.User}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.ReadonlyRootfs}} " +
        '{{index .Config.Labels "zakaz.stack"}}';
      expect(await dockerLines("inspect", "-f", format, ...(await runs()))).toEqual([
        `10001:10001 [ALL] [no-new-privileges:true] ${2 ** 30} 256 true e2e`,
      ]);
      process.kill(-load.pid!, "SIGKILL");
      await expect.poll(runs, { timeout: 30_000 }).toHaveLength(0);
    } finally {
      await run("docker", ["unpause", sandbox]);
    }
    // A run that was stopped before it could say so holds the job's lease for half a minute more.
    const again = async () => (await stack.zakaz("load")).code;
    await expect.poll(again, { timeout: 120_000, interval: 2_000 }).toBe(0);
    expect(await journaled("ok")).toBe(2);
  });

  it("tells what runs and how much data there is", async () => {
    const status = await stack.zakaz("status");
    expect(status.code).toBe(0);
    expect(status.stdout).toContain(`${server}: healthy, http://127.0.0.1:${stack.httpPort}`);
    expect(status.stdout).toContain(
      `meta_job_runs: ${await stack.sql("SELECT count() FROM zakaz.meta_job_runs")} loader run`,
    );
    for (const word of [
      "Schema     as declared, ",
      "Access     as declared, ",
      "fresh  stg_qtickets_api_orders_raw",
    ])
      expect(status.stdout).toContain(word);
    // Neither the load that was killed nor what check-reader had refused is a fault.
    const diagnosis = await stack.zakaz("diagnose");
    expect(diagnosis.stdout).toBe(
      "Nothing has gone wrong in the last 60 minutes that was not put right since.\n",
    );
    expect(diagnosis.code).toBe(0);
    for (const value of Object.values(secrets)) expect(status.stdout + diagnosis.stdout).not.toContain(value);
  });

  it("smokes the loader by hand without a journal row, and refuses what it does not know", async () => {
    const before = await journaled();
    const smoke = await stack.zakaz("smoke");
    expect(smoke.code).toBe(0);
    expect(smoke.stdout).toContain("Dry-run: no ClickHouse writes");
    expect(smoke.stdout).toContain(`meta_job_runs: ${before} rows before and after. Smoke passed.`);
    const file = join(stack.folder, "old.env");
    const lines = [
      "QTICKETS_API_TOKEN=t",
      `CH_HOST=${server}`,
      `CH_PASSWORD=${stack.secrets.loaderPassword}`,
    ];
    writeFileSync(file, [...lines, "DRY_RUN=true", ""].join("\n"));
    const byFile = await stack.zakaz("smoke", "--envfile", file);
    expect(byFile.stderr).toBe("");
    expect(byFile.stdout).toMatch(/^Image sha256:[0-9a-f]{64}, built 20\d\d-\S+\.$/m);
    expect(byFile.stdout).toContain(`meta_job_runs: ${before} rows before and after. Smoke passed.`);
    expect((await stack.zakaz("load", "--", "--since-hours", "soon")).code).toBe(2);
    expect((await stack.zakaz("fly")).code).toBe(2);
  });

  it("writes the bill of materials of the loader's image", async () => {
    const file = join(stack.folder, "sbom.json");
    const written = await stack.zakaz("sbom", "--out", file);
    expect(written.stdout).toMatch(/sbom\.json: \d+ components of sha256:/);
    const bom = JSON.parse(readFileSync(file, "utf8")) as {
      specVersion: string;
      components: { name: string; purl: string }[];
    };
    expect(bom.specVersion).toBe("1.6");
    const names = bom.components.map(({ name }) => name);
    for (const name of ["undici", "zod", "@clickhouse/client", "node", "libc6"])
      expect(names).toContain(name);
    // What only builds or tests the program is not in the image.
    for (const name of ["vitest", "typescript", "@pulumi/pulumi"]) expect(names).not.toContain(name);
  });

  it("lets the reader read and not write", async () => {
    expect(await reader(secrets.datalensPassword, "SELECT 1")).toBe("1\n");
    expect(
      await reader(
        secrets.datalensPassword,
        "INSERT INTO zakaz.plan_sales (sales_date) VALUES ('2000-01-01')",
      ),
    ).toContain("ACCESS_DENIED");
  });

  it("loads twice more without changing a fact, with one journal row each", async () => {
    const [loaded, before] = [await facts(), await journaled()];
    for (const _ of [1, 2]) {
      const load = await stack.zakaz("load");
      expect(load.stderr).not.toContain("zakaz:");
      expect(load.code).toBe(0);
    }
    expect(await facts()).toBe(loaded);
    expect([await journaled(), await journaled("ok")]).toEqual([before + 2, 4]);
  });

  const losses: [string, string[], string][] = [
    ["removed", ["rm", "-f"], `The server's container ${server} is not there; make up makes it anew`],
    ["stopped", ["stop"], `code 0; docker start ${server} starts it`],
  ];
  it.each(sampleOf(losses))("brings back a server %s by hand, data kept", async (_, command, said) => {
    const loaded = await facts();
    await run("docker", [...command, server]);
    const diagnosis = await stack.zakaz("diagnose");
    expect(diagnosis.code).toBe(1);
    expect(diagnosis.stdout).toContain(said);
    await stack.up("--refresh");
    expect(await dockerLines("inspect", "-f", "{{.State.Health.Status}}", server)).toEqual(["healthy"]);
    expect(await facts()).toBe(loaded);
  });

  it("ends a load with one sentence while the server is away, and loads when it is back", async () => {
    const output = await stack.pulumi("stack", "output", "loaderTargets", "--json", "--show-secrets");
    const targets = JSON.parse(output.stdout) as { qtickets_api: object };
    await run("docker", ["stop", server]);
    const started = Date.now();
    const failed = await run("node", ["ops/zakaz.cjs", "load", "--target", "-"], {
      cwd: stack.project,
      env: stack.env,
      input: JSON.stringify(targets.qtickets_api),
    });
    expect(failed.code).toBe(1);
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(failed.stderr).not.toMatch(/\n\s+at /);
    const status = await stack.zakaz("status");
    expect(status.stdout).toContain(`${server}: stopped, `);
    const advised = /^Next {7}(docker start \S+) /m.exec(status.stdout)?.[1] ?? "";
    await must(run("sh", ["-c", advised]));
    await expect.poll(async () => (await stack.zakaz("load")).code, { timeout: 60_000 }).toBe(0);
    expect((await stack.zakaz("diagnose")).code).toBe(0);
  });

  it("builds a new image for a changed loader, and removes the old one", async () => {
    const [old] = await imageNames();
    const main = join(stack.project, "loaders/qtickets/main.ts");
    writeFileSync(main, `${readFileSync(main, "utf8")}\nprocess.env["ZAKAZ_E2E_MARK"] = "changed";\n`);
    await stack.up();
    const now = await imageNames();
    expect(now).toHaveLength(1);
    expect(now[0]).not.toBe(old);
  });

  it("rotates the reader's password and nothing else", async () => {
    const previous = secrets.datalensPassword;
    await stack.setSecret("datalensPassword");
    // Nor does anything remain to be done of what the tests before have changed.
    expect(await stack.changes()).toEqual(["update access-apply", "update reader-check-query"]);
    await stack.up();
    expect(await reader(previous, "SELECT 1")).toContain("AUTHENTICATION_FAILED");
    expect(await reader(secrets.datalensPassword, "SELECT 1")).toBe("1\n");
    await expectNoChange("preview");
  });

  it("leaves nothing behind when destroyed", async () => {
    const destroy = await stack.pulumi("destroy", "--yes");
    expect(destroy.stdout + destroy.stderr).not.toContain("error:");
    expect(destroy.code).toBe(0);
    expect(await dockerObjects()).toEqual(before);
    await expect.poll(namelessSince(namelessBefore), { timeout: 180_000, interval: 500 }).toEqual([]);
  });
});

describe("the production stack", () => {
  it("previews with the official image pinned by digest, and names missing secrets with their commands", async () => {
    const prod = async (...args: string[]) =>
      run("pulumi", [...args, "--stack", "prod", "--non-interactive", "--color=never"], {
        cwd: stack.project,
        env: stack.env,
      });
    await run("pulumi", ["stack", "init", "prod", "--non-interactive"], {
      cwd: stack.project,
      env: stack.env,
    });
    const missing = await prod("preview");
    expect(missing.code).not.toBe(0);
    expect(missing.stdout).toContain("pulumi config set --secret zakaz:adminPassword --stack prod");
    expect(missing.stdout).toContain("pulumi config set --secret zakaz:qticketsToken --stack prod");
    expect(missing.stdout).not.toMatch(/\n\s+at /);
    const values = Object.keys(secrets).flatMap((key) => ["--secret", `zakaz:${key}=${newPassword()}`]);
    await must(prod("config", "set-all", ...values));
    const steps = await stack.preview("--stack", "prod");
    const image = steps.find(({ urn }) => resourceOf(urn) === "clickhouse-image")?.newState?.inputs;
    expect(image?.["name"]).toMatch(/^clickhouse\/clickhouse-server:26\.8\.[\d.]+@sha256:[0-9a-f]{64}$/);
  });
});
