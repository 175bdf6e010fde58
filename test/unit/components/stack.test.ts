import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { UNANSWERED, type Drift } from "../../../warehouse/drift";
import { localServerImage } from "../../../images";
import { found, recordResources, type Recorded, secretValue, valueOf } from "../../support/pulumi-mocks";

/**
 * The whole program with the engine mocked: what it asks Pulumi for.
 * Not proved here: that Docker and ClickHouse do what is asked (integration and e2e do that).
 */
/** What the live server was asked for: subject, target, seconds to wait. The answer is one without drift. */
const asked = vi.hoisted(() => [] as [string, ...unknown[]][]);
const live: Drift = { ...UNANSWERED, answered: true, revision: 3, name: "the third change" };
const answer =
  (subject: string) =>
  (...args: unknown[]) => {
    asked.push([subject, ...args]);
    return Promise.resolve(live);
  };
vi.mock("../../../warehouse/schema/drift", () => ({ schemaDrift: answer("schema") }));
vi.mock("../../../warehouse/access/drift", () => ({ accessDrift: answer("access") }));

const SECRETS = {
  "zakaz:adminPassword": "unit-secret-of-bootstrap",
  "zakaz:loaderPassword": "unit-loader-secret",
  "zakaz:datalensPassword": "unit-reader-secret",
  "zakaz:backupPassword": "unit-backup-secret",
  "zakaz:monitorPassword": "unit-monitor-secret",
  "zakaz:qticketsToken": "unit-token-secret",
};
/** Accounts of VK Ads, as the stack's configuration hands them on. */
const VK_ACCOUNTS = JSON.stringify([
  { account: 1001, clientId: "unit-vk-client", clientSecret: "unit-vk-secret" },
  { account: "1002", api: "legacy", accessToken: "unit-vk-token" },
]);
const BARCODE_KEY = "unit-barcode-key-0123456789abcdefg";
const CONTAINER = "docker:index/container:Container";
const COMMAND = "command:local:Command";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const HASH = /^[0-9a-f]{16}$/;

async function program(
  config: Record<string, string>,
): Promise<{ recorded: Recorded[]; outputs: Record<string, unknown> }> {
  const recorded = await recordResources({ ...SECRETS, ...config });
  const main = (await import("../../../index.js")) as unknown as {
    default: () => Promise<Record<string, unknown>>;
  };
  const outputs = await main.default();
  const { output } = await import("@pulumi/pulumi");
  const values = (await valueOf(output(outputs))) as Record<string, unknown>;
  // Commands depend on one another: these are the last ones.
  const alerts = config["zakaz:alerts"]?.includes("true") ? ["alerts-test"] : [];
  const last =
    config["zakaz:load"] === "live" ? ["reader-check-query", "qtickets-run-load"] : ["reader-check-query"];
  const isRecorded = (wanted: string) => recorded.some(({ name }) => name === wanted);
  await vi.waitUntil(() => [...last, ...alerts].every(isRecorded), { timeout: 50_000 });
  return { recorded, outputs: values };
}

/** What an operator's command got on standard input, which must be secret as a whole. */
const stdinOf = (resource: Recorded) =>
  JSON.parse(String(secretValue(resource.inputs["stdin"]))) as Record<string, unknown>;

describe("stack with the sandbox and the local server", () => {
  let recorded: Recorded[];
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    ({ recorded, outputs } = await program({
      "zakaz:instance": "unit",
      "zakaz:source": "sandbox",
      "zakaz:load": "live",
      "zakaz:datasets": '["priceShades","promoCodes","barcodes"]',
      "zakaz:barcodeKey": BARCODE_KEY,
      "zakaz:vkAds": "true",
      "zakaz:vkAdsAccounts": VK_ACCOUNTS,
      "zakaz:httpPort": "18123",
      "zakaz:nativePort": "19000",
      "zakaz:healthInterval": "500ms",
      "zakaz:protectData": "false",
      "zakaz:readerNetworks": '["10.20.0.0/16"]',
    }));
  });

  it("declares exactly these Docker objects and commands", () => {
    const declared = recorded
      .filter((r) => !r.type.startsWith("zakaz:"))
      .map((r) => `${r.type.split(":").at(-1)} ${r.name}`);
    expect(declared.sort()).toEqual([
      "Command access-apply",
      "Command backup-settings",
      "Command qtickets-run-load",
      "Command qtickets-run-smoke",
      "Command reader-check-query",
      "Command schema-apply",
      "Command vk-ads-run-load",
      "Command vk-ads-run-smoke",
      "Container backup-container",
      "Container clickhouse-server",
      "Container sandbox-server",
      "Network network-bridge",
      "RemoteImage backup-image",
      "RemoteImage clickhouse-image",
      "RemoteImage loader-image",
      "RemoteImage sandbox-image",
      "Volume backup-volume",
      "Volume clickhouse-data",
      "Volume clickhouse-logs",
      "Volume quarantine",
      "Volume vk-ads-run-volume",
    ]);
  });

  it("suffixes every global name with the instance", () => {
    const named = recorded.filter(
      (r) => typeof r.inputs["name"] === "string" && r.type.startsWith("docker:"),
    );
    expect(
      named.map((r) => String(r.inputs["name"]).replace(/:([0-9a-f]{12}|[0-9a-f]{16})$/, ":<hash>")).sort(),
    ).toEqual([
      "ch-zakaz-unit",
      "clickhouse_default-unit",
      "qtickets_api-unit:<hash>",
      "zakaz-backup-unit",
      "zakaz-clickhouse-backups-unit",
      "zakaz-clickhouse-data-unit",
      "zakaz-clickhouse-logs-unit",
      "zakaz-quarantine-unit",
      "zakaz-sandbox-unit",
      "zakaz-vk-tokens-unit",
      "zakaz/backup-unit:<hash>",
      // Not the stack's own, so without its suffix.
      "zakaz/clickhouse:<hash>",
      "zakaz/sandbox-unit:<hash>",
    ]);
  });

  it("runs the server on loopback, by image id, healthy before anything else", () => {
    const { inputs } = found(recorded, CONTAINER, "clickhouse-server");
    expect(inputs["image"]).toBe(`id of ${localServerImage()}`);
    expect(inputs["ports"]).toEqual([
      { internal: 8123, external: 18123, ip: "127.0.0.1" },
      { internal: 9000, external: 19000, ip: "127.0.0.1" },
    ]);
    expect(inputs["networksAdvanced"]).toEqual([
      { name: "clickhouse_default-unit", aliases: ["ch-zakaz-unit"] },
    ]);
    expect(inputs["volumes"]).toEqual([
      { containerPath: "/var/lib/clickhouse", volumeName: "zakaz-clickhouse-data-unit" },
      { containerPath: "/var/log/clickhouse-server", volumeName: "zakaz-clickhouse-logs-unit" },
      { containerPath: "/backups", volumeName: "zakaz-clickhouse-backups-unit" },
    ]);
    expect(inputs["healthcheck"]).toEqual({
      tests: ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:8123/ping"],
      interval: "500ms",
      timeout: "5s",
      retries: 60,
    });
    expect(found(recorded, CONTAINER, "sandbox-server").inputs).toMatchObject({
      healthcheck: { interval: "500ms", timeout: "5s", retries: 60 },
      wait: true,
    });
    expect(inputs["wait"]).toBe(true);
    expect(inputs["envs"]).toEqual(["CLICKHOUSE_SKIP_USER_SETUP=1", "TZ=Europe/Moscow"]);
  });

  it("takes every right of root from the containers, and limits their memory", () => {
    for (const [name, rest] of [
      ["clickhouse-server", { user: "101:101", memory: 4096 }],
      ["backup-container", { user: "101:101", memory: 256 }],
      [
        "sandbox-server",
        { memory: 1024, readOnly: true, tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=16m" } },
      ],
    ] as const) {
      expect(found(recorded, CONTAINER, name).inputs).toMatchObject({
        capabilities: { drops: ["ALL"] },
        securityOpts: ["no-new-privileges:true"],
        memorySwap: -1,
        ...rest,
      });
    }
  });

  it("gives the server the administrator as a hash, from the container's own network", () => {
    const { inputs } = found(recorded, CONTAINER, "clickhouse-server");
    const uploads = inputs["uploads"] as { file: string; content: string }[];
    const admin = uploads.find((upload) => upload.file === "/etc/clickhouse-server/users.d/admin.xml");
    expect(admin?.content).toContain(sha256("unit-secret-of-bootstrap"));
    expect(admin?.content).toContain("<ip>172.30.0.0/16</ip>");
    expect(admin?.content).not.toContain("::/0");
  });

  it("puts no secret in the clear into a container or a network, a volume, an image", () => {
    const docker = JSON.stringify(
      recorded.filter((r) => r.type.startsWith("docker:")).map(({ inputs }) => inputs),
    );
    const parts = ["unit-vk-client", "unit-vk-secret", "unit-vk-token"];
    for (const secret of [...Object.values(SECRETS), ...parts]) expect(docker).not.toContain(secret);
    const clients = JSON.stringify({
      qtickets: [{ sha256: sha256("unit-token-secret") }],
      "vk-ads": [
        { sha256: sha256("unit-vk-client:unit-vk-secret"), account: "1001" },
        { sha256: sha256("unit-vk-token"), account: "1002" },
      ],
    });
    expect(docker).toContain(JSON.stringify(`SANDBOX_CLIENTS=${clients}`));
  });

  it("gives the password of backup_user to the backup container alone, as a file of its user", () => {
    const { inputs } = found(recorded, CONTAINER, "backup-container");
    expect(inputs["uploads"]).toBeUndefined();
    expect(inputs["command"]).toEqual(["serve", "--at", "30 2 * * *", "--timeout", "60m"]);
    const file = found(recorded, COMMAND, "backup-settings");
    expect(file.inputs["create"]).toContain("docker exec -i zakaz-backup-unit sh -c 'umask 277 && ");
    const { policy, ...rest } = stdinOf(file);
    expect(policy).toMatchObject({ keepFullDays: 28, rpoHours: 25 });
    expect(rest).toEqual({
      warehouse: { url: "http://ch-zakaz-unit:8123", user: "backup_user", password: "unit-backup-secret" },
      folder: "/backups",
    });
    const others = recorded.filter(({ name }) => name !== "backup-settings").map((one) => one.inputs);
    expect(JSON.stringify(others)).not.toContain("unit-backup-secret");
    expect(outputs["backupStorage"]).toBeUndefined();
  });

  it("gives the access command each user's hash and networks, and shows them with the live state", () => {
    const command = found(recorded, COMMAND, "access-apply");
    const own = ["127.0.0.1", "::1", "172.30.0.0/16"];
    const logins = [
      { user: "etl_writer", passwordSha256: sha256("unit-loader-secret"), hosts: own },
      {
        user: "datalens_reader",
        passwordSha256: sha256("unit-reader-secret"),
        hosts: [...own, "10.20.0.0/16"],
      },
      { user: "backup_user", passwordSha256: sha256("unit-backup-secret"), hosts: own },
      { user: "zakaz_monitor", passwordSha256: sha256("unit-monitor-secret"), hosts: own },
    ];
    expect(command.inputs["create"]).toBe("node ops/zakaz.cjs access apply --target -");
    expect(stdinOf(command)).toEqual({
      warehouse: {
        container: "ch-zakaz-unit",
        url: "http://127.0.0.1:18123",
        user: "admin",
        password: "unit-secret-of-bootstrap",
      },
      logins,
    });
    expect(command.inputs["environment"]).toEqual({
      ZAKAZ_STATE: "3: the third change",
      ZAKAZ_ACCESS_SQL: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      ZAKAZ_LOGINS: JSON.stringify(logins),
    });
    expect(command.inputs["triggers"]).toEqual(["clickhouse-server-id"]);
    expect(command.inputs["logging"]).toBe("none");
  });

  it("applies the schema by its own command, again when sql/, the server's state or the container is another", () => {
    const command = found(recorded, COMMAND, "schema-apply");
    expect(command.inputs["create"]).toBe("node ops/zakaz.cjs schema apply --target -");
    expect(stdinOf(command)).toEqual({
      container: "ch-zakaz-unit",
      url: "http://127.0.0.1:18123",
      user: "admin",
      password: SECRETS["zakaz:adminPassword"],
    });
    expect(command.inputs["environment"]).toEqual({
      ZAKAZ_SCHEMA_SHA256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      ZAKAZ_STATE: "3: the third change",
    });
    expect(command.inputs["triggers"]).toEqual(["clickhouse-server-id"]);
    expect(command.inputs["logging"]).toBe("none");
  });

  it("reads the live server as the administrator, tries the users' passwords, and does not wait in a preview", () => {
    const warehouse = {
      container: "ch-zakaz-unit",
      url: "http://127.0.0.1:18123",
      user: "admin",
      password: SECRETS["zakaz:adminPassword"],
    };
    const passwords = {
      etl_writer: SECRETS["zakaz:loaderPassword"],
      datalens_reader: SECRETS["zakaz:datalensPassword"],
      backup_user: SECRETS["zakaz:backupPassword"],
      zakaz_monitor: SECRETS["zakaz:monitorPassword"],
    };
    const logins = expect.any(Array) as unknown;
    expect(asked.sort()).toEqual([
      ["access", { warehouse, logins, passwords }, 0],
      ["schema", warehouse, 0],
    ]);
  });

  it("runs smoke and load with the settings on standard input only", () => {
    for (const step of ["smoke", "load"]) {
      const command = found(recorded, COMMAND, `qtickets-run-${step}`);
      expect(command.inputs["create"]).toBe(`node ops/zakaz.cjs ${step} qtickets_api --target -`);
      expect(command.inputs["environment"]).toBeUndefined();
      const { image, ...target } = stdinOf(command);
      expect(String(image).split(":").at(-1)).toMatch(HASH);
      expect(target).toEqual({
        container: "ch-zakaz-unit",
        url: "http://127.0.0.1:18123",
        network: "clickhouse_default-unit",
        volumes: ["zakaz-quarantine-unit:/var/lib/zakaz"],
        labels: ["zakaz.stack=unit"],
        settings: {
          QTICKETS_BASE_URL: "http://zakaz-sandbox-unit:8080/api/rest/v1",
          QTICKETS_ALLOW_HTTP: "true",
          QTICKETS_RATE_PER_SECOND: "0",
          QTICKETS_SKIP_PRICE_SHADES: "false",
          QTICKETS_SKIP_PROMO_CODES: "false",
          QTICKETS_SKIP_BARCODES: "false",
          QTICKETS_BARCODE_KEY: BARCODE_KEY,
          QTICKETS_TOKEN: "unit-token-secret",
          CLICKHOUSE_HOST: "ch-zakaz-unit",
          CLICKHOUSE_PORT: "8123",
          CLICKHOUSE_DB: "zakaz",
          CLICKHOUSE_USER: "etl_writer",
          CLICKHOUSE_PASSWORD: "unit-loader-secret",
        },
      });
    }
  });

  it("checks the reader over HTTP from the host", () => {
    expect(stdinOf(found(recorded, COMMAND, "reader-check-query"))).toEqual({
      url: "http://127.0.0.1:18123",
      user: "datalens_reader",
      password: "unit-reader-secret",
    });
  });

  it("gives the outputs that people and commands read", () => {
    expect(outputs).toMatchObject({
      clickhouseUrl: "http://127.0.0.1:18123",
      database: "zakaz",
      readerUser: "datalens_reader",
      container: "ch-zakaz-unit",
      sandboxContainer: "zakaz-sandbox-unit",
      network: "clickhouse_default-unit",
    });
    const targets = outputs["loaderTargets"] as Record<string, { settings: Record<string, string> }>;
    expect(Object.keys(targets)).toEqual(["qtickets_api", "vk_ads", "plan", "yandex_direct", "recompute"]);
    // What the import of a file needs, and nothing of another source's secrets.
    expect(targets["plan"]?.settings).toEqual({
      CLICKHOUSE_HOST: "ch-zakaz-unit",
      CLICKHOUSE_PORT: "8123",
      CLICKHOUSE_DB: "zakaz",
      CLICKHOUSE_USER: "etl_writer",
      CLICKHOUSE_PASSWORD: "unit-loader-secret",
    });
  });
});

describe("a stack with alerts", () => {
  const HOOK = "https://alerts.example/hook/unit-hook-secret";
  const channels = JSON.stringify([{ kind: "webhook", url: HOOK }]);
  const withAlerts = async (settings: object, more: Record<string, string> = {}) => {
    const config = { "zakaz:alerts": JSON.stringify(settings), "zakaz:alertChannels": channels };
    return program({ "zakaz:instance": "unit", ...config, ...more });
  };

  it("has one more container, which reads a file of its own, and tries its channels", async () => {
    const { recorded, outputs } = await withAlerts({ enabled: true });
    const { inputs } = found(recorded, CONTAINER, "alerts-watch");
    expect(inputs).toMatchObject({
      name: "zakaz-alerts-unit",
      entrypoints: [
        "node",
        "--expose-gc",
        "--max-semi-space-size=1",
        "--max-old-space-size=64",
        "/app/alerts.js",
      ],
      command: ["watch", "--every", "60s"],
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      memory: 192,
      volumes: [{ containerPath: "/var/lib/zakaz-alerts", volumeName: "zakaz-alerts-unit" }],
      networksAdvanced: [{ name: "clickhouse_default-unit", aliases: ["zakaz-alerts-unit"] }],
      restart: "always",
      logOpts: { "max-size": "10m", "max-file": "3" },
    });
    expect(String(inputs["image"])).toMatch(/^id of qtickets_api-unit:/);
    expect(inputs["uploads"]).toBeUndefined();
    const file = found(recorded, COMMAND, "alerts-settings");
    expect(file.inputs["create"]).toContain("docker exec -i zakaz-alerts-unit sh -c ");
    expect(file.inputs["create"]).toContain("umask 277 && cat > /etc/zakaz/alerts.json.new");
    const settings = stdinOf(file);
    expect(settings).toMatchObject({
      stack: "unit",
      warehouse: {
        url: "http://ch-zakaz-unit:8123",
        user: "zakaz_monitor",
        password: SECRETS["zakaz:monitorPassword"],
      },
      settings: { enabled: true, everySeconds: 60, cooldownMinutes: 60 },
      channels: [{ kind: "webhook", url: HOOK, plainHttp: false }],
      sources: [{ job: "qtickets_api", freshHours: 2 }],
      schedules: [],
    });
    expect(outputs["alertsTarget"]).toEqual({ container: "zakaz-alerts-unit" });

    const test = found(recorded, COMMAND, "alerts-test");
    expect(test.inputs["create"]).toBe("node ops/zakaz.cjs alert-test --target -");
    expect(stdinOf(test)).toEqual({
      container: "zakaz-alerts-unit",
      settingsSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it("tries its channels again when a setting of the alerts is another, and not for another password", async () => {
    const test = async (...args: Parameters<typeof withAlerts>) =>
      stdinOf(found((await withAlerts(...args)).recorded, COMMAND, "alerts-test"))["settingsSha256"];
    const first = await test({ enabled: true });
    expect(await test({ enabled: true }, { "zakaz:monitorPassword": "unit-another-secret" })).toBe(first);
    expect(await test({ enabled: true, cooldownMinutes: 30 })).not.toBe(first);
  });

  it("has nothing of them while they are switched off", async () => {
    const { recorded, outputs } = await withAlerts({ enabled: false });
    expect(recorded.filter(({ name }) => name.startsWith("alerts"))).toEqual([]);
    expect(outputs["alertsTarget"]).toBeUndefined();
  });
});

describe("a stack that keeps its backups in object storage", () => {
  const bucket = {
    endpoint: "https://storage.example.com",
    bucket: "backups",
    prefix: "zakaz/unit",
    keyId: "unit-key-id",
  };

  it("gives the secret of the key to the backup container, and to who restores, as secrets", async () => {
    const { recorded, outputs } = await program({
      "zakaz:instance": "unit",
      "zakaz:backup": JSON.stringify({ s3: bucket }),
      "zakaz:backupS3Secret": "unit-s3-secret",
    });
    const storage = { ...bucket, region: "us-east-1", allowHttp: false, secret: "unit-s3-secret" };
    expect(stdinOf(found(recorded, COMMAND, "backup-settings"))).toMatchObject({ storage });
    expect(outputs["backupStorage"]).toEqual(storage);
    const others = recorded.filter(({ name }) => name !== "backup-settings").map((one) => one.inputs);
    expect(JSON.stringify(others)).not.toContain("unit-s3-secret");
  });
});

describe("a stack that loads by itself", () => {
  let recorded: Recorded[];
  let outputs: Record<string, unknown>;

  beforeAll(async () => {
    const schedule = { qtickets_api: { at: "*/30 * * * *", timeout: "20m" }, vk_ads: { at: "30 0,7 * * *" } };
    ({ recorded, outputs } = await program({
      "zakaz:instance": "unit",
      "zakaz:load": "live",
      "zakaz:schedule": JSON.stringify(schedule),
    }));
    await vi.waitUntil(() => recorded.some(({ name }) => name === "qtickets-schedule-settings"), {
      timeout: 50_000,
    });
  });

  it("has one container per job that is switched on, from the loader's image, told its timetable", () => {
    expect(recorded.filter(({ name }) => name.startsWith("vk-ads"))).toEqual([]);
    const { inputs } = found(recorded, CONTAINER, "qtickets-schedule-container");
    expect(inputs).toMatchObject({
      name: "zakaz-schedule-qtickets-unit",
      image: expect.stringMatching(/^id of qtickets_api-unit:/) as string,
      command: [
        ...["qtickets_api", "schedule", "--at", "*/30 * * * *", "--jitter", "60s", "--timeout", "20m"],
        ...["--envfile", "/etc/zakaz/loader.env", "--health", "/tmp/health"],
        ...["--state", "/var/lib/zakaz/schedule/qtickets_api.json"],
      ],
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      memory: 1024,
      networksAdvanced: [{ name: "clickhouse_default-unit" }],
      volumes: [{ volumeName: "zakaz-quarantine-unit", containerPath: "/var/lib/zakaz" }],
      restart: "always",
      stopTimeout: 60,
      destroyGraceSeconds: 60,
      logOpts: { "max-size": "10m", "max-file": "3" },
      healthcheck: {
        tests: [
          "CMD-SHELL",
          "cat /tmp/health && find /tmp/health -mmin -2 | grep -q . && grep -q ^ok /tmp/health",
        ],
      },
      wait: true,
    });
    expect(JSON.stringify(inputs)).not.toContain("docker.sock");
    expect(inputs["envs"]).toBeUndefined();
    expect(outputs["schedules"]).toEqual({
      qtickets_api: { container: "zakaz-schedule-qtickets-unit", at: "*/30 * * * *" },
    });
  });

  it("loads once, when it is new, and for no later change", () => {
    expect(found(recorded, COMMAND, "qtickets-run-load").inputs).toMatchObject({
      create: "node ops/zakaz.cjs load qtickets_api --target -",
      update: ":",
    });
    expect(found(recorded, COMMAND, "qtickets-run-smoke").inputs["update"]).toBeUndefined();
  });

  it("gives it the settings of a run by standard input alone, as a file of its user", () => {
    const command = found(recorded, COMMAND, "qtickets-schedule-settings");
    expect(command.inputs["create"]).toBe(
      "docker exec -i zakaz-schedule-qtickets-unit sh -c 'umask 277 && cat > /etc/zakaz/loader.env.new && " +
        "mv -f /etc/zakaz/loader.env.new /etc/zakaz/loader.env'",
    );
    const { settings } = stdinOf(found(recorded, COMMAND, "qtickets-run-load")) as {
      settings: Record<string, string>;
    };
    expect(settings["CLICKHOUSE_PASSWORD"]).toBe("unit-loader-secret");
    expect(secretValue(command.inputs["stdin"])).toBe(
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
    expect(command.inputs["triggers"]).toEqual(["qtickets-schedule-container-id"]);
    expect(command.inputs["logging"]).toBe("none");
    const { inputs } = found(recorded, CONTAINER, "qtickets-schedule-container");
    for (const secret of Object.values(SECRETS)) expect(JSON.stringify(inputs)).not.toContain(secret);
  });
});

describe("production's stack", () => {
  it("runs the pinned official image, keeps data protected, and loads nothing by itself", async () => {
    const image = `clickhouse/clickhouse-server:26.8@sha256:${"a".repeat(64)}`;
    const { recorded } = await program({ "zakaz:clickhouseImage": image });
    expect(found(recorded, "docker:index/remoteImage:RemoteImage", "clickhouse-image").inputs).toEqual({
      name: image,
      keepLocally: true,
    });
    expect(recorded.filter((r) => r.name.startsWith("sandbox"))).toEqual([]);
    expect(
      recorded
        .filter((r) => r.type === COMMAND)
        .map((r) => r.name)
        .sort(),
    ).toEqual(["access-apply", "backup-settings", "reader-check-query", "schema-apply"]);
  });
});
