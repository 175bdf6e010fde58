import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checks } from "../../ops/acceptance/checks";
import { dockerLines, must, nameless, namelessSince, run, TestStack } from "../support/stack";

/**
 * The acceptance run by its command, in a checkout of its own: whole, stopped by a signal, and with faults that were planted one at a
 * time. The checkout has few tests of its own and little data, so that a run is short; all else is as it is.
 */
const stack = new TestStack(`rep${process.pid}`);
const { instance, project, temporary } = stack;
const server = stack.server;
/** In front of PATH: programs that do damage before they do their work. */
const shims = join(stack.folder, "shims");
/** Test files that the short checkout keeps. */
const KEPT = ["test/unit/loaders/windows.test.ts", "test/unit/loaders/vk-ads/"];
const VK_TEST = "test/integration/loaders/vk-ads/load.test.ts";

interface Answer {
  result: string;
  failed: string | null;
  reason: string | null;
  folder: string;
  checks: { id: string; state: string; reason: string | null }[];
  counts: { table: string; before: number; after: number }[];
}

const git = (...args: string[]) =>
  must(run("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", ...args], { cwd: project }));

async function commit(message: string): Promise<void> {
  await git("add", "--all");
  await git("commit", "--quiet", "--message", message);
}

const environment = () => ({ ...stack.env, PATH: `${shims}:${process.env["PATH"]}` });

async function report(...flags: string[]): Promise<{ code: number; answer: Answer; stderr: string }> {
  const args = ["ops/zakaz.cjs", "report", "--json", "--instance", instance, ...flags];
  const { code, stdout, stderr } = await run("node", args, { cwd: project, env: environment() });
  return { code, answer: JSON.parse(stdout) as Answer, stderr };
}

/** Everything of the instance on the Docker engine, and in the folder of temporary files. */
async function leftovers(): Promise<string[]> {
  const lists = [
    await dockerLines("ps", "-a", "--format", "{{.Names}}"),
    await dockerLines("network", "ls", "--format", "{{.Name}}"),
    await dockerLines("volume", "ls", "--format", "{{.Name}}"),
    await dockerLines("images", "--format", "{{.Repository}}"),
    readdirSync(temporary).filter((name) => name.startsWith("zakaz-acceptance-")),
  ];
  return lists.flat().filter((name) => name.includes(instance) || name.startsWith("zakaz-acceptance-"));
}

/** A program that does damage when its arguments fit a pattern of the shell, then its work. */
async function shim(program: string, pattern: string, damage: string): Promise<void> {
  const real = (await must(run("sh", ["-c", `command -v ${program}`]))).stdout.trim();
  const docker = (await must(run("sh", ["-c", "command -v docker"]))).stdout.trim();
  const script = `#!/bin/bash
engine() { ${docker} "$@"; }
admin() { engine exec -e CLICKHOUSE_PASSWORD ${server} clickhouse-client --user=admin -q "$1"; }
damage() { ${damage}; }
case "$*" in ${pattern}) damage </dev/null >&2 ;; esac
exec ${real} "$@"
`;
  writeFileSync(join(shims, program), script);
  chmodSync(join(shims, program), 0o755);
}

/** Replaces a text of a file of the checkout, which must be there. */
function edit(file: string, from: string, to: string): void {
  const path = join(project, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}

interface Plant {
  /** The check that has to stop the run. */
  check: string;
  what: string;
  reason: RegExp;
  plant: () => unknown;
  /** Takes away what is not the run's to remove. */
  unplant?: () => unknown;
}

const committed = (change: () => void) => async (): Promise<void> => {
  change();
  await commit("A fault");
};

/** The cheap ones first: each is run from nothing to the check that it is for. */
const PLANTS: Plant[] = [
  {
    check: "clean-slate",
    what: "a container that an earlier run left",
    reason: new RegExp(`left of an earlier run .*: ${server}$`),
    plant: () => must(run("docker", ["create", "--name", server, "zakaz/base", "true"])),
    unplant: () => run("docker", ["rm", server]),
  },
  {
    check: "clone",
    what: "a change that is not committed",
    reason: /changed and not committed \(`git commit` it: .*\): M README\.md$/,
    plant: () => appendFileSync(join(project, "README.md"), "\n"),
    unplant: () => git("checkout", "--quiet", "README.md"),
  },
  {
    check: "bootstrap",
    what: "a view of a column that is not there",
    reason: /no_such_column/,
    plant: committed(() =>
      appendFileSync(
        join(project, "sql/50_views.sql"),
        "\nCREATE VIEW zakaz.v_planted AS SELECT no_such_column FROM zakaz.dim_events;\n",
      ),
    ),
  },
  {
    check: "bootstrap-again",
    what: "a label that is another one at each run",
    reason: /^the preview would change something: .*network-bridge/,
    plant: committed(() =>
      edit(
        "components/network.ts",
        "labels: stackLabels()",
        'labels: [...stackLabels(), { label: "planted", value: String(Date.now()) }]',
      ),
    ),
  },
  {
    check: "tables",
    what: "a table too many",
    reason: /^32 objects instead of 31$/,
    plant: committed(() =>
      appendFileSync(
        join(project, "sql/32_facts.sql"),
        "\nCREATE TABLE IF NOT EXISTS zakaz.planted (a UInt8 COMMENT 'a') ENGINE = MergeTree ORDER BY a COMMENT 'planted';\n",
      ),
    ),
  },
  {
    check: "journal-empty",
    what: "a row in the journal that no run has written",
    reason: /^1 instead of 0$/,
    plant: () =>
      shim(
        "docker",
        '*"SELECT count() FROM zakaz.meta_job_runs"*',
        "admin \"INSERT INTO zakaz.meta_job_runs (job, started_at, finished_at, status) VALUES ('planted', now(), now(), 'ok')\"",
      ),
  },
  {
    check: "grants",
    what: "a right that nobody declared",
    reason: /dim_events/,
    plant: () =>
      shim(
        "docker",
        '*"SHOW GRANTS FOR admin"*',
        'admin "GRANT SELECT ON zakaz.dim_events TO datalens_reader"',
      ),
  },
  {
    check: "image",
    what: "a bundle that is not there",
    reason: /qtickets\.js/,
    plant: () => shim("docker", '*"build --no-cache"*', "rm loaders/dist/qtickets.js"),
  },
  {
    check: "smoke",
    what: "a dry run during which the journal gets a row",
    reason: /meta_job_runs has got a row of job qtickets_api, run [0-9a-f-]{36}, which no run accounts for/,
    plant: () =>
      shim(
        "docker",
        "*--dry-run*",
        "admin \"INSERT INTO zakaz.meta_job_runs (job, started_at, finished_at, status) VALUES ('qtickets_api', now(), now(), 'ok')\"",
      ),
  },
  {
    check: "load",
    what: "a table that loads need and do not find",
    reason: /lacks table dim_events/,
    plant: () =>
      shim(
        "docker",
        '*"SELECT toUnixTimestamp(now())"*',
        'admin "RENAME TABLE zakaz.dim_events TO zakaz.dim_events_planted"',
      ),
  },
  {
    check: "load-again",
    what: "an identity of order lines that is another one at each reading",
    reason: /^the data changed: orders (\d+) .* → orders (?!\1)\d+ /,
    plant: committed(() =>
      edit("loaders/qtickets/order-rows.ts", "item_id: itemId,", "item_id: `${itemId}-${context.readAt}`,"),
    ),
  },
  {
    check: "secrets",
    what: "a password in the environment of the server's container",
    reason: /^the output of `docker inspect \S+` shows adminPassword$/,
    plant: committed(() =>
      edit(
        "components/clickhouse.ts",
        'envs: ["CLICKHOUSE_SKIP_USER_SETUP=1", "TZ=Europe/Moscow"]',
        'envs: ["CLICKHOUSE_SKIP_USER_SETUP=1", "TZ=Europe/Moscow", pulumi.interpolate`PLANTED=${args.adminPassword}`]',
      ),
    ),
  },
];

beforeAll(async () => {
  mkdirSync(shims);
  for (const file of globSync("test/{unit,integration}/**/*.test.ts", { cwd: project })) {
    if (!KEPT.some((kept) => file.startsWith(kept))) rmSync(join(project, file));
  }
  writeFileSync(
    join(project, VK_TEST),
    'import { expect, it } from "vitest";\nit("stands for those of VK Ads", () => expect(2).toBe(2));\n',
  );
  appendFileSync(
    join(project, "Pulumi.dev.yaml"),
    `  zakaz:sandbox: '{"ordersPerDay": 5, "days": 10, "events": 4}'\n`,
  );
  await git("init", "--quiet", "--initial-branch=main");
  // Links of a test stack, which .gitignore takes for folders.
  appendFileSync(join(project, ".git/info/exclude"), "node_modules\n");
  await commit("A short checkout");
});

afterAll(() => stack.remove());

describe("zakaz report", () => {
  it("accepts what is right, in Russian, and leaves nothing behind", async () => {
    // The same image under a name of somebody else's, which stays.
    const elsewhere = `elsewhere${process.pid}:prod`;
    await shim("docker", '*" --help"', `engine tag qtickets_api-${instance}:prod ${elsewhere}`);
    const { code, answer, stderr } = await report("--lang", "ru");
    rmSync(join(shims, "docker"));
    expect((await run("docker", ["image", "rm", elsewhere])).stdout).toContain(`Untagged: ${elsewhere}`);
    expect(answer.reason).toBeNull();
    expect(answer.checks.map(({ id, state }) => `${id} ${state}`)).toEqual(
      checks.map(({ id }) => `${id} ok`),
    );
    expect(code).toBe(0);
    // Where nobody watches: a line per check, nothing that moves.
    expect(stderr.trimEnd().split("\n")).toHaveLength(checks.length);
    expect(stderr).not.toContain("\u001b");
    const orders = answer.counts.find(({ table }) => table === "stg_qtickets_api_orders_raw");
    expect(orders?.before).toBe(0);
    expect(orders?.after).toBeGreaterThan(20);

    const files = readdirSync(answer.folder).sort();
    expect(files).toEqual([
      "freshness.svg",
      "inventory.svg",
      "report.html",
      "report.md",
      "runs.svg",
      "sales.svg",
    ]);
    const html = readFileSync(join(answer.folder, "report.html"), "utf8");
    expect(html).toContain('<html lang="ru">');
    expect(html).toContain("<strong>Принято.</strong>");
    expect(html.match(/<svg /g)).toHaveLength(4);
    // It needs nothing from elsewhere, and runs nothing.
    expect(html).not.toMatch(
      /<(?:script|link|iframe|img|object)\b|\s(?:src|href)=|@import|url\(['"]?(?:https?:)?\/\//i,
    );
    const audit = readFileSync(join(project, "ZAKAZ_DASHBOARD_AUDIT_REPORT.md"), "utf8");
    expect(audit).toContain("**Принято.**");
    expect((await git("status", "--porcelain")).stdout).toBe("");
    expect(await leftovers()).toEqual([]);
  });

  it("stops at Ctrl-C, removes what it made, and says so in its report", async () => {
    const child = spawn("node", ["ops/zakaz.cjs", "report", "--instance", instance], {
      cwd: project,
      env: environment(),
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await expect
      .poll(() => dockerLines("ps", "-q", "--filter", `name=${server}$`), { timeout: 300_000 })
      .toHaveLength(1);
    // A second one has to wait.
    const second = await run("node", ["ops/zakaz.cjs", "report", "--instance", instance], {
      cwd: project,
      env: environment(),
    });
    expect(second.stderr).toContain(`Another acceptance run of instance \`${instance}\` is at work`);
    expect(second.code).toBe(4);
    process.kill(-child.pid!, "SIGINT");
    expect(await ended).toBe(130);
    expect(said).toMatch(/^FAIL {2}bootstrap .*: stopped by a signal$/m);
    expect(said).toMatch(/^OK {4}removed /m);
    expect(said).toContain("What this run had made was removed.");
    expect(await leftovers()).toEqual([]);
  });

  it.each(PLANTS)("stops at $check for $what", async (planted) => {
    const before = await nameless();
    await planted.plant();
    try {
      const { code, answer } = await report();
      expect(answer.failed, answer.reason ?? "").toBe(planted.check);
      expect(answer.reason).toMatch(planted.reason);
      expect(code).toBe(1);
      const at = answer.checks.findIndex(({ id }) => id === planted.check);
      const [before, behind] = [answer.checks.slice(0, at), answer.checks.slice(at + 1)];
      expect(before.every(({ state }) => state === "ok")).toBe(true);
      expect(behind.map(({ state }) => state)).toEqual(
        behind.map((_, i) => (i === behind.length - 1 ? "ok" : "not run")),
      );
      process.stdout.write(`${planted.check}: ${answer.reason}\n`);
      expect(existsSync(join(answer.folder, "report.html"))).toBe(true);
    } finally {
      await planted.unplant?.();
      await run("git", ["reset", "--quiet", "--hard", ":/A short checkout"], { cwd: project });
      for (const name of readdirSync(shims)) rmSync(join(shims, name));
    }
    expect(await leftovers()).toEqual([]);
    await expect.poll(namelessSince(before), { timeout: 180_000, interval: 500 }).toEqual([]);
  });
});
