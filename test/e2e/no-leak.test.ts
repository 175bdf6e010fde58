import { createHash, createHmac } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSandbox } from "../../sandbox/qtickets/sandbox";
import { startReceivers, type Receivers } from "../support/receivers";
import { formsOf, LeakSearch, madeMarker, marker, type Marker } from "../support/leak-search";
import { ProcessSampler } from "../support/process-sampler";
import { dockerLines, type Result, run, TestStack } from "../support/stack";

/**
 * Every secret of a stack is a marker that stands nowhere else. After a life with good and bad days, no form of any
 * marker may be found anywhere but where it belongs (encrypted in configuration and state). No barcode may be found at
 * all, though the loads read them.
 */
const stack = new TestStack(`leak${process.pid}`);
const { server } = stack;
const sandbox = `zakaz-sandbox-${stack.instance}`;
const backup = `zakaz-backup-${stack.instance}`;
const alerts = `zakaz-alerts-${stack.instance}`;
/** Containers that load by themselves. */
const schedules = ["qtickets", "vk-ads"].map((folder) => `zakaz-schedule-${folder}-${stack.instance}`);
const markers = {
  adminPassword: marker("adminPassword"),
  loaderPassword: marker("loaderPassword"),
  datalensPassword: marker("datalensPassword"),
  backupPassword: marker("backupPassword"),
  monitorPassword: marker("monitorPassword"),
  qticketsToken: marker("qticketsToken"),
  barcodeKey: marker("barcodeKey"),
};
const vkMarkers = {
  clientId: marker("client id of VK Ads"),
  clientSecret: marker("client secret of VK Ads"),
  accessToken: marker("token of the old API of VK"),
};
const alertMarkers = {
  hook: marker("address of the webhook"),
  mail: marker("password of the mail server"),
  bot: marker("token of the bot"),
};
/** Often enough for a test, and a stopped server is told at once. The machine's own disk is no matter of this test. */
const alertSettings = {
  enabled: true,
  everySeconds: 10,
  rules: { server: { seconds: 0 }, disk: { on: false } },
};
/** What of a channel is secret, by kind. */
const SECRET_PARTS = { webhook: "url", smtp: "password", telegram: "token" } as const;
let receivers: Receivers;
const tokenVolume = `zakaz-vk-tokens-${stack.instance}`;
const passphrase = marker("passphrase");
const wrongToken = marker("a wrong token");
const data = { seed: 1, ordersPerDay: 5, days: 10, events: 4 };
let barcodes: string[];
const search = new LeakSearch(join(stack.folder, "search"));

/** Runs a command of the stack and searches all that it says. */
async function say(place: string, ...args: string[]): Promise<Result> {
  const [program, ...rest] = args;
  const result = program === "zakaz" ? await stack.zakaz(...rest) : await stack.pulumi(...rest);
  await search.text(`output of ${place}`, result.stdout + result.stderr);
  return result;
}

/** Arguments of docker for a client in the server's container. */
function inContainer(...command: string[]): string[] {
  return ["exec", "-e", "CLICKHOUSE_PASSWORD", server, ...command];
}

/** Every barcode of the stack's sandbox: the same values give the same data. */
async function sandboxBarcodes(): Promise<string[]> {
  const twin = await startSandbox(data);
  try {
    const orders = twin.data.orders();
    const tickets = [...Array(orders.length).keys()].flatMap((index) => orders.at(index).baskets);
    return tickets.flatMap(({ barcode }) => barcode ?? []);
  } finally {
    await twin.close();
  }
}

/** Every row of every table that a load may write. */
async function searchTables(): Promise<void> {
  const names = await stack.sql(
    "SELECT concat(database, '.', name) FROM system.tables WHERE database IN ('zakaz', 'meta') AND engine LIKE '%MergeTree'",
  );
  for (const name of names.split("\n")) {
    const rows = await stack.sql(`SELECT * FROM ${name} SETTINGS final = 0 FORMAT JSONEachRow`);
    await search.text(`table ${name}`, rows, true);
  }
}

/** The server's own logs. */
async function searchServerLogs(when: string): Promise<void> {
  const env = { ...process.env, CLICKHOUSE_PASSWORD: stack.secrets.adminPassword };
  for (const [table, columns] of [
    ["query_log", "*"],
    ["text_log", "*"],
  ] as const) {
    const client = inContainer("clickhouse-client", "--user=admin", "-q");
    await run("docker", [...client, "SYSTEM FLUSH LOGS"], { env });
    const sql = `SELECT ${columns} FROM system.${table} FORMAT JSONEachRow`;
    await search.command(`system.${table} ${when}`, "docker", [...client, sql], { env });
  }
}

/** Switches alerts on, by all three kinds of channels, to servers of this process; answers what was said. */
async function useAlerts(): Promise<string> {
  // The host as every container reaches it.
  const gateway = ["network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}"];
  receivers = await startReceivers({
    host: "0.0.0.0",
    address: (await run("docker", gateway)).stdout.trim(),
    login: { user: "zakaz@mail.example", password: alertMarkers.mail.value },
    telegramToken: `12345:${alertMarkers.bot.core}`,
    hook: `hook?key=${alertMarkers.hook.core}&more=1`,
  });
  // What is not secret as a person would write it into the file, which ends with the configuration; each secret by a command.
  const secrets = receivers.channels.flatMap((channel, i) =>
    Object.entries(channel)
      .filter(([key]) => SECRET_PARTS[channel.kind] === key)
      .map(([key, value]) => ({ path: `alertChannels[${i}].${key}`, value: String(value) })),
  );
  const others = receivers.channels.map((channel) =>
    Object.fromEntries(Object.entries(channel).filter(([key]) => SECRET_PARTS[channel.kind] !== key)),
  );
  const file = join(stack.project, `Pulumi.${stack.name}.yaml`);
  appendFileSync(file, `  zakaz:alertChannels: ${JSON.stringify(others)}\n`);
  const said: string[] = [];
  for (const { path, value } of secrets) said.push(await stack.setSecretPart(path, value));
  await stack.set("alerts", JSON.stringify(alertSettings));
  return said.join("");
}

/** What the webhook has got so far: kind and rule of each message. */
const told = () =>
  receivers.webhook.letters.map(({ body }) => {
    const { kind, rule = "" } = JSON.parse(body) as Record<string, string>;
    return `${kind} ${rule}`.trim();
  });
const toldOf = (what: string) => told().filter((one) => one.endsWith(what));

/** A load by hand; one of the schedule's may be at work. */
async function load(place: string, ...args: string[]): Promise<void> {
  const code = async () => (await say(place, "zakaz", "load", ...args)).code;
  await expect.poll(code, { timeout: 120_000, interval: 1_000 }).toBe(0);
}

/** The pair of tokens that a load keeps, in a file of its own that nobody else can read. */
async function keptTokens(): Promise<Marker[]> {
  const script = "stat -c %a /kept/*.json && cat /kept/*.json";
  const read = ["run", "--rm", "-v", `${tokenVolume}:/kept:ro`, "zakaz/base", "sh", "-c", script];
  const { stdout } = await run("docker", read);
  const [mode = "", pair = ""] = stdout.split("\n");
  expect(mode).toBe("600");
  const { accessToken, refreshToken } = JSON.parse(pair) as Record<string, string>;
  return [madeMarker("kept access token", accessToken!), madeMarker("kept refresh token", refreshToken!)];
}

beforeAll(async () => {
  barcodes = await sandboxBarcodes();
  search.plant(...Object.values(markers), ...Object.values(vkMarkers), passphrase, wrongToken);
  search.plant(...Object.values(alertMarkers));
  search.plant(...barcodes.map((code) => madeMarker("a barcode", code)));
  stack.env["PULUMI_CONFIG_PASSPHRASE"] = passphrase.value;
  const configured = await stack.configure({
    secrets: Object.fromEntries(Object.entries(markers).map(([key, { value }]) => [key, value])),
    settings: {
      datasets: '["barcodes"]',
      sandbox: JSON.stringify(data),
      // Qtickets again and again; VK Ads, whose pair of tokens no other run may use meanwhile, never in this life.
      schedule: JSON.stringify({
        qtickets_api: { at: "every 25s", jitter: "2s" },
        vk_ads: { at: "0 0 1 1 *" },
      }),
    },
  });
  const parts = Object.fromEntries(Object.entries(vkMarkers).map(([part, { value }]) => [part, value]));
  const accounts = await stack.useVkAds(parts as Record<keyof typeof vkMarkers, string>);
  await search.text("output of stack init and configuration", configured + accounts + (await useAlerts()));
});

afterAll(async () => {
  await stack.remove();
  await receivers?.close();
});

describe("the search itself", () => {
  it("finds each form of a marker, at any offset", async () => {
    const control = new LeakSearch(join(stack.folder, "control"));
    control.plant(markers.loaderPassword);
    const { value } = markers.loaderPassword;
    for (const text of [
      value,
      JSON.stringify({ password: value }),
      encodeURIComponent(value),
      ...["", "u", "us", "etl_writer:"].map((prefix) => Buffer.from(prefix + value).toString("base64")),
      Buffer.from(`x${value}`).toString("hex"),
    ]) {
      const before = control.findings.length;
      await control.text("control", `before ${text} behind\n`);
      expect(control.findings[before]!.hits, text).not.toEqual([]);
    }
    expect(new Set(Object.values(formsOf(markers.loaderPassword)).flat()).size).toBe(6);
    await control.text("clean", "nothing of the kind\n");
    expect(control.findings.at(-1)!.hits).toEqual([]);
  });
});

describe("no secret leaks", () => {
  it("while the stack comes up, is previewed, refreshed and loads", async () => {
    const sampler = new ProcessSampler();
    expect((await say("up", "pulumi", "up", "--yes", "--skip-preview")).code).toBe(0);
    const seen = sampler.stop();
    // It has looked at processes of the machine and of containers; how often depends on how busy the machine is.
    expect(seen.commandLines).toContain("pulumi up --yes --skip-preview");
    expect(seen.environments).toContain(`SANDBOX_SEED=${data.seed}`);
    await search.text("command lines of all processes during up", seen.commandLines);
    await search.text("environments of processes in containers during up", seen.environments);

    expect((await say("preview -d --diff", "pulumi", "preview", "-d", "--diff")).code).toBe(0);
    expect((await say("preview --json", "pulumi", "preview", "--json")).code).toBe(0);
    expect((await say("refresh -d", "pulumi", "refresh", "--yes", "--skip-preview", "-d")).code).toBe(0);
    expect((await say("stack output", "pulumi", "stack", "output")).stdout).toContain("[secret]");
    expect((await say("config", "pulumi", "config")).stdout).toContain("[secret]");
    // A new stack has tried its channels.
    expect(toldOf("test")).toEqual(["test"]);
    for (const command of ["status", "smoke", "smoke vk_ads", "load vk_ads", "cities", "alert-test"]) {
      expect((await say(`zakaz ${command}`, "zakaz", ...command.split(" "))).code).toBe(0);
    }
    await load("zakaz load");
    search.plant(...(await keptTokens()));
    expect(
      (await say("zakaz load vk_ads with the kept tokens", "zakaz", "load", "vk_ads", "--", "--verbose"))
        .code,
    ).toBe(0);
    await searchServerLogs("after the first load");

    // Barcodes were read: what is kept of them are hashes under the stack's own key.
    const hashed = barcodes.map((code) =>
      createHmac("sha256", markers.barcodeKey.value).update(code).digest("hex"),
    );
    const kept = await stack.sql("SELECT barcode_hash FROM zakaz.stg_qtickets_api_barcodes_raw FINAL");
    const hashes = kept.trim().split("\n");
    expect(hashes.length).toBeGreaterThan(5);
    expect(hashed).toEqual(expect.arrayContaining(hashes));
    await searchTables();
  });

  it("while things fail: a wrong token, a stopped server, bad SQL", async () => {
    const output = await stack.pulumi("stack", "output", "loaderTargets", "--json", "--show-secrets");
    const { qtickets_api: target } = JSON.parse(output.stdout) as {
      qtickets_api: { settings: Record<string, string> };
    };
    target.settings["QTICKETS_TOKEN"] = wrongToken.value;
    const refused = await run("node", ["ops/zakaz.cjs", "load", "--target", "-"], {
      cwd: stack.project,
      env: stack.env,
      input: JSON.stringify(target),
    });
    expect(refused.code).toBe(1);
    await search.text("output of a load with a wrong token", refused.stdout + refused.stderr);

    const broken = join(stack.project, "sql", "30_staging.sql");
    const good = readFileSync(broken, "utf8");
    appendFileSync(
      broken,
      "\nCREATE TABLE zakaz.broken (a UInt8 DEFAULT nonsense('x')) ENGINE = NoSuchEngine;\n",
    );
    expect((await say("up -d with bad SQL", "pulumi", "up", "--yes", "--skip-preview", "-d")).code).not.toBe(
      0,
    );
    writeFileSync(broken, good);
    expect((await say("up -d that fixes it", "pulumi", "up", "--yes", "--skip-preview", "-d")).code).toBe(0);
    await searchServerLogs("after bad SQL");

    await search.command("logs of the server before its stop", "sh", [
      "-c",
      'exec docker logs "$0" 2>&1',
      server,
    ]);
    await run("docker", ["stop", server]);
    for (const command of ["diagnose", "smoke", "load", "check-reader"]) {
      expect((await say(`zakaz ${command}, server stopped`, "zakaz", command)).code).not.toBe(0);
    }
    expect((await say("zakaz status, server stopped", "zakaz", "status")).code).toBe(0);
    await expect.poll(() => toldOf("server"), { timeout: 60_000 }).toEqual(["alert server"]);
    await run("docker", ["start", server]);
    const state = async () =>
      (await run("docker", ["inspect", "-f", "{{.State.Health.Status}}", server])).stdout;
    await expect.poll(state, { timeout: 60_000 }).toBe("healthy\n");
    await expect
      .poll(() => toldOf("server"), { timeout: 60_000 })
      .toEqual(["alert server", "recovered server"]);
  });

  it("while passwords are rotated", async () => {
    const sampler = new ProcessSampler();
    const said: string[] = [];
    for (const who of ["loader", "admin"]) {
      const { code, stdout, stderr } = await stack.zakaz("rotate", who);
      expect(code).toBe(0);
      said.push(stdout, stderr);
      const made = (await stack.pulumi("config", "get", `zakaz:${who}Password`)).stdout.trim();
      if (who === "admin") stack.secrets.adminPassword = made;
      search.plant(madeMarker(`new ${who}Password`, made));
    }
    await search.text("output of zakaz rotate loader, admin", said.join("\n"));
    const seen = sampler.stop();
    await search.text("command lines of all processes during rotations", seen.commandLines);
    await search.text("environments of processes in containers during rotations", seen.environments);
    expect(toldOf("test")).toEqual(["test", "test"]);

    // Another setting of the alerts is a matter of their file alone, and of one more test.
    await stack.set("alerts", JSON.stringify({ ...alertSettings, cooldownMinutes: 30 }));
    expect(await stack.changes()).toEqual(["update alerts-settings", "update alerts-test"]);
    expect((await say("up -d after rotations", "pulumi", "up", "--yes", "--skip-preview", "-d")).code).toBe(
      0,
    );
    expect(toldOf("test")).toEqual(["test", "test", "test"]);
    await searchServerLogs("after rotations");
  });

  it("while loads run by themselves, with the new password", async () => {
    const sampler = new ProcessSampler();
    const good = async () => {
      const { stdout, stderr } = await run("docker", ["logs", schedules[0]!]);
      return (stdout + stderr).split(" ended ok ").length;
    };
    const before = await good();
    await expect.poll(good, { timeout: 180_000, interval: 2_000 }).toBeGreaterThan(before);
    const seen = sampler.stop();
    await search.text("command lines of all processes during scheduled loads", seen.commandLines);
    await search.text("environments of processes in containers during scheduled loads", seen.environments);
  });

  it("into state, history, containers, images, volumes, logs and temporary folders", async () => {
    const state = (await stack.pulumi("stack", "export")).stdout;
    await search.text("stack export", state);
    // What state does show of a password is its hash.
    expect(state).toContain(createHash("sha256").update(markers.backupPassword.value).digest("hex"));
    await search.files("state folder: stacks, history, backups", join(stack.folder, "state"));
    await search.files("checkout with its configuration", stack.project, ["node_modules"]);
    await search.files("temporary folder", stack.temporary, [], true);
    await search.files("Pulumi's home", stack.home);

    const named = (kind: string[], format: string) =>
      dockerLines(...kind, "--filter", `name=${stack.instance}`, "--format", format);
    const containers = await named(["ps", "-a"], "{{.Names}}");
    expect(containers.sort()).toEqual([alerts, backup, server, sandbox, ...schedules].sort());
    const all = await dockerLines("images", "--format", "{{.Repository}}:{{.Tag}}");
    const images = all.filter((name) => name.includes(stack.instance));
    expect(images).toHaveLength(3);
    const volumes = await named(["volume", "ls"], "{{.Name}}");
    expect(volumes).toHaveLength(6);
    for (const [kind, names] of Object.entries({ container: containers, image: images, volume: volumes })) {
      for (const name of names)
        await search.command(`docker inspect ${kind} ${name}`, "docker", ["inspect", name]);
    }
    await search.command("image history", "sh", [
      "-c",
      'for i; do docker history --no-trunc "$i"; done',
      "sh",
      ...images,
    ]);
    await search.command("all layers of the images", "docker", ["save", ...images]);
    for (const name of containers) {
      await search.command(`docker logs ${name}`, "sh", ["-c", 'exec docker logs "$0" 2>&1', name]);
    }
    // The alerts' secrets are in one file that nobody but their user reads, and in no message but as the key to its channel.
    const kept = ["exec", alerts, "stat", "-c", "%a %u %g", "/etc/zakaz/alerts.json"];
    expect((await run("docker", kept)).stdout).toBe("400 10001 10001\n");
    const letters = [receivers.webhook, receivers.smtp, receivers.telegram].map(({ letters }) => letters);
    for (const { length } of letters) expect(length).toBeGreaterThanOrEqual(5);
    await search.text(
      "messages of the alerts",
      letters
        .flat()
        .map(({ body }) => body)
        .join("\n"),
    );
    // What a schedule's container keeps beside its settings, which are where they belong.
    for (const name of schedules) {
      const diff = (await dockerLines("diff", name)).map((line) => line.slice(2));
      expect(diff.filter((path) => path.startsWith("/etc/zakaz"))).toEqual([
        "/etc/zakaz",
        "/etc/zakaz/loader.env",
      ]);
    }
    // The server's image is nobody's own; what the stack has put into its container is.
    const uploaded = ["cp", `${server}:/etc/clickhouse-server`, "-"];
    await search.command("files uploaded into the server's container", "docker", uploaded);
    // Files must hold still while they are read.
    await run("docker", ["stop", ...schedules, server]);
    for (const name of volumes) {
      const mount = [
        "run",
        "--rm",
        "--user",
        "0",
        "-v",
        `${name}:/volume:ro`,
        "--entrypoint",
        "tar",
        images[0]!,
      ];
      await search.command(`volume ${name}`, "docker", [...mount, "c", "-C", "/volume", "."]);
    }
  });

  it("anywhere", () => {
    process.stdout.write(`${search.report()}\n`);
    // The one place where the pair of tokens belongs; of plain letters and digits, it looks the same URL-encoded.
    expect(search.hits()).toEqual([
      `kept access token as URL-encoded in volume ${tokenVolume}`,
      `kept refresh token as URL-encoded in volume ${tokenVolume}`,
    ]);
  });
});
