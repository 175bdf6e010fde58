import { randomBytes } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { requiredKeys } from "../../../config/secrets";
import { configurationPage } from "../../../docs/configuration";
import { recordResources, valueOf } from "../../support/pulumi-mocks";

const strong = () => randomBytes(12).toString("hex");
const SECRETS = Object.fromEntries(requiredKeys.map((key) => [`zakaz:${key}`, strong()]));
const barcodeKey = () => randomBytes(32).toString("hex");

async function read(config: Record<string, string>, stack = "unit", inTheClear: string[] = []) {
  await recordResources(config, stack, inTheClear);
  const { readConfig } = await import("../../../config.js");
  return readConfig();
}

/** The message of a configuration that must be refused. */
async function refusal(...args: Parameters<typeof read>): Promise<string> {
  const outcome = await read(...args).then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (outcome === undefined) throw new Error("this configuration was accepted");
  return outcome;
}

/** The one line of a refusal that has a single reason. */
async function reason(...args: Parameters<typeof read>): Promise<string> {
  const lines = (await refusal(...args)).split("\n");
  expect(lines).toHaveLength(2);
  return lines[1]!.trim();
}

describe("the stack's configuration", () => {
  it("has safe defaults where a stack says nothing", async () => {
    const { secrets: _, ...rest } = await read(SECRETS);
    expect(rest).toEqual({
      vkAds: false,
      backup: {
        schedule: "30 2 * * *",
        fullEveryDays: 7,
        keepFullDays: 28,
        keepIncrementalDays: 7,
        keepQuarterlyDays: 365,
        limitMinutes: 60,
        rpoHours: 25,
      },
      instance: "",
      clickhouseImage: "local",
      bindAddress: "127.0.0.1",
      httpPort: 8123,
      nativePort: 9000,
      nofile: 262144,
      memory: 4096,
      healthInterval: "2s",
      protectData: true,
      source: "qtickets",
      load: "none",
      schedule: {},
      datasets: [],
      sandbox: { seed: 1, ordersPerDay: 40, days: 45, events: 12 },
      readerNetworks: [],
      alerts: {
        enabled: false,
        everySeconds: 60,
        cooldownMinutes: 60,
        rules: {
          server: { on: true, seconds: 120 },
          failedRun: { on: true, partial: true },
          sourceBehind: { on: true, hours: {} },
          missedRun: { on: true },
          disk: { on: true, freePercent: 10 },
          quarantine: { on: true, percent: 1, rows: 3 },
          reader: { on: true, everyMinutes: 15 },
          backup: { on: true, hours: 30 },
          channel: { on: true, failures: 3 },
          blind: { on: true },
        },
      },
    });
  });

  it("takes a schedule with the usual jitter and timeout", async () => {
    const { schedule } = await read({ ...SECRETS, "zakaz:schedule": '{"vk_ads":{"at":"30 0,7 * * *"}}' });
    expect(schedule).toEqual({ vk_ads: { at: "30 0,7 * * *", jitter: "60s", timeout: "1h" } });
  });

  it("gives every secret as a secret output", async () => {
    const { secrets } = await read(SECRETS);
    expect(await valueOf(secrets.datalensPassword)).toBe(SECRETS["zakaz:datalensPassword"]);
    for (const secret of Object.values(secrets)) {
      expect(await (secret as unknown as { isSecret: Promise<boolean> }).isSecret).toBe(true);
    }
  });

  it("names every problem at once, each with the command that fixes it", async () => {
    const config = { "zakaz:adminPassword": strong(), "zakaz:httpPort": "0", "zakaz:laod": "live" };
    expect(await refusal(config, "prod")).toBe(
      [
        "The configuration of stack prod cannot be used:",
        "  zakaz:httpPort must be a whole number from 1 to 65535. Fix it with: pulumi config set zakaz:httpPort <value> --stack prod",
        "  zakaz:loaderPassword is not set. Fix it with: pulumi config set --secret zakaz:loaderPassword --stack prod",
        "  zakaz:datalensPassword is not set. Fix it with: pulumi config set --secret zakaz:datalensPassword --stack prod",
        "  zakaz:backupPassword is not set. Fix it with: pulumi config set --secret zakaz:backupPassword --stack prod",
        "  zakaz:monitorPassword is not set. Fix it with: pulumi config set --secret zakaz:monitorPassword --stack prod",
        "  zakaz:qticketsToken is not set. Fix it with: pulumi config set --secret zakaz:qticketsToken --stack prod",
        "  zakaz:laod is no key of this program; the nearest is zakaz:load. Fix it with: pulumi config rm zakaz:laod --stack prod",
      ].join("\n"),
    );
  });

  it.each([
    ["httpPort", "70000", "must be a whole number from 1 to 65535"],
    ["httpPort", "http", "must be a whole number from 1 to 65535"],
    ["nativePort", "8123", "is 8123, and so is zakaz:httpPort"],
    ["instance", "Größe", "must be up to 20 of a-z, 0-9 and -"],
    ["clickhouseImage", "clickhouse/clickhouse-server:latest", "must be `local` or an image reference"],
    ["load", "sometimes", 'Invalid option: expected one of "none"|"dryRun"|"live"'],
    ["memory", "1024", "must be a whole number from 2048 to 1048576"],
    ["sandbox", "{", "is not JSON"],
    ["sandbox", '{"colour":1}', "has colour, which is unknown"],
    ["sandbox", '{"days":5}', "describes synthetic data, but zakaz:source is qtickets"],
    [
      "datasets",
      '["clients"]',
      'Invalid option: expected one of "priceShades"|"discounts"|"promoCodes"|"barcodes" (at 0)',
    ],
    [
      "schedule",
      '{"qtickets_api":{"at":"hourly"}}',
      "must be a cron expression of five fields such as `*/30 * * * *`, or an interval such as `every 45m`, not `hourly`",
    ],
    [
      "schedule",
      '{"vk_ads":{"at":"30 0,7 * * *","timeout":"2 days"}}',
      "must look like 90s, 25m or 2h, not `2 days` (at vk_ads.timeout)",
    ],
    [
      "schedule",
      '{"qtickets_api":{"at":"every 5m","jitter":"5m"}}',
      "is 5m, and must be less than the 300 s between two loads (at qtickets_api.jitter)",
    ],
    [
      "schedule",
      '{"qtickets_api":{}}',
      "Invalid input: expected string, received undefined (at qtickets_api.at)",
    ],
    ["schedule", '{"plan":{"at":"every 1h"}}', "has plan, which is unknown"],
    ["backup", '{"schedule":"at night"}', "(at schedule) must be a cron expression of five fields"],
    [
      "backup",
      '{"schedule":"every 4h","rpoHours":1}',
      "promises to lose 1 hour of work at most, and its schedule can lose 5 hours",
    ],
    [
      "backup",
      '{"s3":{"endpoint":"storage.example.com","bucket":"b-1","prefix":"p","keyId":"k"}}',
      "must be an address without a path, such as https://storage.example.com (at s3.endpoint)",
    ],
    [
      "backup",
      '{"s3":{"endpoint":"https://storage.example.com/b-1","bucket":"b-1","prefix":"p","keyId":"k"}}',
      "must be an address without a path, such as https://storage.example.com (at s3.endpoint)",
    ],
    [
      "backup",
      '{"s3":{"endpoint":"https://storage.example.com","bucket":"b-1","prefix":"../p","keyId":"k"}}',
      "must be a folder of the bucket such as zakaz/prod (at s3.prefix)",
    ],
    [
      "backup",
      '{"s3":{"endpoint":"https://storage.example.com","bucket":"b-1","keyId":"k"}}',
      "Invalid input: expected string, received undefined (at s3.prefix)",
    ],
    ["backup", '{"keepFullDays":0}', "Too small: expected number to be >=1 (at keepFullDays)"],
    ["readerNetworks", '["everywhere"]', "Invalid input (at 0)"],
    [
      "readerNetworks",
      '["10.0.0.0/8", "0.0.0.0/0"]',
      "0.0.0.0/0 is too wide: name networks of /8 or smaller (at 1)",
    ],
    ["readerNetworks", '["::/0"]', "::/0 is too wide: name networks of /16 or smaller (at 0)"],
    ["readerNetworks", '["128.0.0.0/1"]', "128.0.0.0/1 is too wide: name networks of /8 or smaller (at 0)"],
    ["bindAddress", "0.0.0.0", "is 0.0.0.0, not loopback: passwords and data would cross the network"],
    ["bindAddress", "localhost", "must be an IPv4 address such as 127.0.0.1"],
    ["publishWithoutTls", "0.0.0.0", "consents to publishing on 0.0.0.0, but zakaz:bindAddress is 127.0.0.1"],
    ["datalensPasword", "x", "is no key of this program; the nearest is zakaz:datalensPassword"],
    ["colourOfTheSky", "x", "is no key of this program (docs/configuration.md lists them)"],
  ])("refuses %s = %s", async (key, value, problem) => {
    expect(await reason({ ...SECRETS, [`zakaz:${key}`]: value })).toContain(`zakaz:${key} ${problem}`);
  });

  it("publishes beyond loopback with a consent that names the address, and with that one only", async () => {
    const published = { ...SECRETS, "zakaz:bindAddress": "10.1.2.3" };
    const consent = "pulumi config set zakaz:publishWithoutTls 10.1.2.3 --stack unit";
    expect(await reason(published)).toContain(consent);
    expect(await reason({ ...published, "zakaz:publishWithoutTls": "10.1.2.4" })).toContain(consent);
    await expect(read({ ...published, "zakaz:publishWithoutTls": "10.1.2.3" })).resolves.toBeDefined();
  });
});

describe("alerts", () => {
  const hook = { kind: "webhook", url: "https://alerts.example/hook/abcdefgh" };
  const enabled = { ...SECRETS, "zakaz:alerts": '{"enabled":true}' };
  const withChannels = (...list: object[]) => ({ ...enabled, "zakaz:alertChannels": JSON.stringify(list) });

  it("need a channel", async () => {
    const advised =
      "zakaz:alertChannels names no channel, but zakaz:alerts.enabled is true. Fix it with: " +
      "pulumi config set --path 'zakaz:alertChannels[0].kind' webhook, then pulumi config set --secret --path 'zakaz:alertChannels[0].url' --stack unit";
    expect(await reason(enabled)).toBe(advised);
    expect(await reason(withChannels())).toBe(advised);
  });

  it("take their channels as one secret, which may stay while they are off", async () => {
    const { alerts, secrets } = await read(withChannels(hook));
    expect(alerts.enabled).toBe(true);
    expect(JSON.parse(await valueOf(secrets.alertChannels!))).toEqual([hook]);
    expect(await (secrets.alertChannels as unknown as { isSecret: Promise<boolean> }).isSecret).toBe(true);
    await expect(read({ ...withChannels(hook), "zakaz:alerts": "{}" })).resolves.toBeDefined();
  });

  it.each([
    [
      { ...hook, url: "http://alerts.example/" },
      "must begin with https://, or plainHttp must be true",
      "[0].url",
    ],
    [{ ...hook, url: "ftp://alerts.example/" }, "must be an address that begins with https://", "[0].url"],
    [{ kind: "pigeon" }, "Invalid discriminator value. Expected 'webhook' | 'smtp' | 'telegram'", "[0].kind"],
    [{ kind: "telegram", chat: 5 }, "Invalid input: expected string, received undefined", "[0].token"],
    [
      { kind: "smtp", host: "mail.example", from: "zakaz@mail.example", to: ["nobody"] },
      "must be an address such as ops@example.org",
      "[0].to[0]",
    ],
    [
      { kind: "smtp", host: "mail.example", from: "a@mail.example", to: ["b@mail.example"], user: "a" },
      "must be set where the other of user and password is",
      "[0].password",
    ],
  ])("refuse the channel %j", async (channel, problem, path) => {
    const said = await reason(withChannels(channel));
    expect(said).toContain(`zakaz:alertChannels has for channel no. 1: ${problem}`);
    expect(said).toContain(`'zakaz:alertChannels${path}'`);
    expect(said).not.toContain("alerts.example");
  });

  it("tell channels of one kind by their names", async () => {
    expect(await reason(withChannels(hook, hook))).toContain(
      "has for channel no. 2: must tell it from the other channel webhook",
    );
    await expect(read(withChannels(hook, { ...hook, name: "second" }))).resolves.toBeDefined();
  });

  it.each([
    ['{"rules":{"disk":{"freePercent":200}}}', "(at rules.disk.freePercent)"],
    ['{"rules":{"moon":{}}}', "has moon, which is unknown (at rules)"],
    ['{"everySeconds":1}', "(at everySeconds)"],
  ])("refuse the settings %s", async (alerts, where) => {
    expect(await reason({ ...SECRETS, "zakaz:alerts": alerts })).toContain(where);
  });
});

describe("the key of barcodes", () => {
  const named = { ...SECRETS, "zakaz:datasets": '["discounts","barcodes"]' };

  it("is given as a secret output where the data set is named", async () => {
    const key = barcodeKey();
    const { datasets, secrets } = await read({ ...named, "zakaz:barcodeKey": key });
    expect(datasets).toEqual(["discounts", "barcodes"]);
    expect(await valueOf(secrets.barcodeKey!)).toBe(key);
    expect(await (secrets.barcodeKey as unknown as { isSecret: Promise<boolean> }).isSecret).toBe(true);
  });

  it.each([{}, { "zakaz:barcodeKey": "" }])("is missed where the data set is named", async (given) => {
    expect(await reason({ ...named, ...given }, "dev")).toBe(
      "zakaz:barcodeKey is not set, but zakaz:datasets names barcodes. Fix it with: pulumi config set --secret zakaz:barcodeKey --stack dev",
    );
  });

  it("is refused where the data set is not named", async () => {
    expect(await reason({ ...SECRETS, "zakaz:barcodeKey": barcodeKey() }, "prod")).toBe(
      "zakaz:barcodeKey is set, but zakaz:datasets does not name barcodes. Fix it with: pulumi config rm zakaz:barcodeKey --stack prod",
    );
  });

  it("is refused in the clear, once", async () => {
    const config = { ...named, "zakaz:barcodeKey": barcodeKey() };
    expect(await reason(config, "dev", ["zakaz:barcodeKey"])).toContain(
      "zakaz:barcodeKey is stored in the clear. Fix it with: pulumi config set --secret zakaz:barcodeKey",
    );
  });

  it.each([
    [barcodeKey().slice(0, 31), "is shorter than 32 characters"],
    ["abc1".repeat(8), "has fewer than 6 different characters"],
    [SECRETS["zakaz:adminPassword"]!.repeat(2), undefined],
  ])("must be as the loader wants it, and no pattern, on every stack", async (key, problem) => {
    const config = { ...named, "zakaz:barcodeKey": key };
    for (const stack of ["dev", "prod"]) {
      if (problem === undefined) await expect(read(config, stack)).resolves.toBeDefined();
      else {
        expect(await reason(config, stack)).toBe(
          `zakaz:barcodeKey ${problem}. Fix it with: pulumi config set --secret zakaz:barcodeKey --stack ${stack}`,
        );
      }
    }
  });

  it("is no password of the stack", async () => {
    const reused = "x7Kp2mQ9vR4tW8zB".repeat(2);
    const config = { ...named, "zakaz:adminPassword": reused, "zakaz:barcodeKey": reused };
    expect(await reason(config, "dev")).toContain("zakaz:barcodeKey is the same as zakaz:adminPassword");
  });
});

describe("object storage for backups", () => {
  const s3 = { endpoint: "https://storage.example.com", bucket: "b-1", prefix: "zakaz/prod", keyId: "k" };
  const named = { ...SECRETS, "zakaz:backup": JSON.stringify({ s3 }) };

  it("needs the secret of its key, of whatever length", async () => {
    expect(await reason(named, "prod")).toBe(
      "zakaz:backupS3Secret is not set, but zakaz:backup names s3. Fix it with: pulumi config set --secret zakaz:backupS3Secret --stack prod",
    );
    const { backup, secrets } = await read({ ...named, "zakaz:backupS3Secret": "short" }, "prod");
    expect(backup.s3).toEqual({ ...s3, region: "us-east-1", allowHttp: false });
    expect(secrets["backupS3Secret"]).toBeDefined();
  });

  it("takes no secret for nothing, in the clear, or one that is another's", async () => {
    expect(await reason({ ...SECRETS, "zakaz:backupS3Secret": "x" }, "prod")).toBe(
      "zakaz:backupS3Secret is set, but zakaz:backup names no s3. Fix it with: pulumi config rm zakaz:backupS3Secret --stack prod",
    );
    const secret = SECRETS["zakaz:backupPassword"]!;
    expect(await reason({ ...named, "zakaz:backupS3Secret": secret }, "prod")).toContain(
      "zakaz:backupS3Secret is the same as zakaz:backupPassword",
    );
    const inTheClear = await refusal({ ...named, "zakaz:backupS3Secret": "s" }, "prod", [
      "zakaz:backupS3Secret",
    ]);
    expect(inTheClear).toContain("zakaz:backupS3Secret is stored in the clear");
  });

  it("is reached by http only with consent", async () => {
    const plain = { ...s3, endpoint: "http://storage:9000" };
    const config = (value: object) => ({
      ...SECRETS,
      "zakaz:backup": JSON.stringify({ s3: value }),
      "zakaz:backupS3Secret": "secret",
    });
    expect(await reason(config(plain), "prod")).toBe(
      "zakaz:backup (at s3.endpoint) is http://storage:9000: data would cross the network unencrypted. Either name an address with https, " +
        'or consent to that, "allowHttp": true. Fix it with: pulumi config set zakaz:backup <value> --stack prod',
    );
    await expect(read(config({ ...plain, allowHttp: true }), "prod")).resolves.toBeDefined();
  });
});

describe("the strength of its secrets", () => {
  const other = strong();
  it.each([
    ["adminPassword", "admin_pass", "is the documented sample, allowed on stack dev only"],
    ["qticketsToken", "sandbox_token", "is the documented sample, allowed on stack dev only"],
    ["loaderPassword", "x7Kp2mQ9vR4tW8z", "is shorter than 16 characters"],
    ["datalensPassword", "aaaaaaaaaaaaaaaaaaaa", "has fewer than 6 different characters"],
    ["backupPassword", "xyz1xyz1xyz1xyz1xyz1", "has fewer than 6 different characters"],
    ["datalensPassword", "Datalens_Reader-2026-11", "contains the user's name, datalens_reader"],
    ["loaderPassword", "abcdefghijklmnopqrst", "counts up or down (abcd, 4321)"],
    ["backupPassword", "9876543210-987654321", "counts up or down (abcd, 4321)"],
    ["loaderPassword", SECRETS["zakaz:adminPassword"]!, "is the same as zakaz:adminPassword"],
    ["qticketsToken", SECRETS["zakaz:loaderPassword"]!, "is the same as zakaz:loaderPassword"],
  ])("refuses %s = %s on any stack but dev, and does not show it", async (key, value, problem) => {
    const config = { ...SECRETS, "zakaz:source": "sandbox", [`zakaz:${key}`]: value };
    expect(await reason(config, "prod")).toBe(
      `zakaz:${key} ${problem}. Fix it with: pulumi config set --secret zakaz:${key} --stack prod`,
    );
    await expect(read(config, "dev")).resolves.toBeDefined();
  });

  it.each([
    [`${other}\nQTICKETS_BASE_URL=https://elsewhere`, "holds a line break or another control character"],
    [`${other}"`, "holds a quotation mark or a backslash"],
    [`${other}\\`, "holds a quotation mark or a backslash"],
    [`${other} `, "begins or ends with a blank"],
  ])("refuses what cannot travel as a line or be masked, on every stack", async (value, problem) => {
    const failure = await reason({ ...SECRETS, "zakaz:loaderPassword": value }, "dev");
    expect(failure).toContain(`zakaz:loaderPassword ${problem}`);
    expect(failure).not.toContain(other);
  });

  it("refuses a secret stored in the clear, and does not show it", async () => {
    const failure = await reason(SECRETS, "dev", ["zakaz:backupPassword"]);
    expect(failure).toBe(
      "zakaz:backupPassword is stored in the clear. Fix it with: pulumi config set --secret zakaz:backupPassword --stack dev",
    );
  });

  it("refuses the sandbox's token for the vendor's API, on dev as well", async () => {
    const config = { ...SECRETS, "zakaz:qticketsToken": "sandbox_token" };
    expect(await reason(config, "dev")).toContain(
      "zakaz:qticketsToken is a sample or placeholder, which the vendor's API (zakaz:source is qtickets) does not know",
    );
  });

  it("accepts a short token, whose length is the vendor's", async () => {
    await expect(read({ ...SECRETS, "zakaz:qticketsToken": "t0k3n" }, "prod")).resolves.toBeDefined();
  });
});

test("docs/configuration.md describes every key as the program reads it (npx tsx docs/configuration.ts writes it)", () => {
  const page = readFileSync(join(__dirname, "../../../docs/configuration.md"), "utf8");
  expect(page).toBe(configurationPage());
});

describe("further readers", () => {
  const anna = () => ({ name: "anna", password: strong() });
  const withReaders = (readers: unknown) => ({ ...SECRETS, "zakaz:readers": JSON.stringify(readers) });

  it("are taken as they are", async () => {
    const readers = [
      { ...anna(), networks: ["10.20.0.0/16"], views: ["bi.v_sales_daily"] },
      { ...anna(), name: "boris" },
    ];
    const { secrets } = await read(withReaders(readers), "prod");
    expect(await valueOf(secrets["readers"]!)).toBe(JSON.stringify(readers));
  });

  it.each([
    [
      [{ password: strong() }],
      "--path 'zakaz:readers[0].name' <value>",
      "needs a name of small letters, digits and _ at no. 1",
    ],
    [
      [{ ...anna(), name: "Анна" }],
      "--path 'zakaz:readers[0].name' <value>",
      "needs a name of small letters, digits and _ at no. 1",
    ],
    [
      [{ ...anna(), name: "etl_writer" }],
      "--path 'zakaz:readers[0].name' <value>",
      "names etl_writer, who is a user of the warehouse already",
    ],
    [[anna(), anna()], "--path 'zakaz:readers[1].name' <value>", "names anna twice"],
    [[{ name: "anna" }], "--secret --path 'zakaz:readers[0].password'", "lacks the password of anna"],
    [
      [{ ...anna(), network: "10.0.0.0/8" }],
      "--secret --path 'zakaz:readers[0].network'",
      "has network for anna, which is unknown",
    ],
    [
      [{ ...anna(), networks: ["0.0.0.0/0"] }],
      "--path 'zakaz:readers[0].networks[0]' <value>",
      "has for anna a network that is none or too wide (0.0.0.0/0): CIDR, /8 or smaller (IPv6: /16)",
    ],
    [
      [{ ...anna(), password: "short" }],
      "--secret --path 'zakaz:readers[0].password'",
      "has a password of anna that is shorter than 16 characters",
    ],
    [
      [{ ...anna(), password: "Anna-anna-2026-11-29" }],
      "--secret --path 'zakaz:readers[0].password'",
      "has a password of anna that contains the user's name, anna",
    ],
    [
      [{ ...anna(), password: SECRETS["zakaz:datalensPassword"] }],
      "--secret --path 'zakaz:readers[0].password'",
      "has a password of anna that is another secret as well",
    ],
  ])("%j is refused", async (readers, command, problem) => {
    expect(await reason(withReaders(readers), "prod")).toBe(
      `zakaz:readers ${problem}. Fix it with: pulumi config set ${command} --stack prod`,
    );
  });

  it("get no view that datalens_reader does not read", async () => {
    const said = await reason(withReaders([{ ...anna(), views: ["zakaz.dim_events"] }]), "prod");
    expect(said).toContain(
      "gives anna a view that datalens_reader does not read (zakaz.dim_events); it reads zakaz.v_",
    );
  });
});

describe("accounts of VK Ads", () => {
  const account = { account: "1001", clientId: "client-of-prod", clientSecret: strong() };
  const withAccounts = (accounts: unknown, more: Record<string, string> = {}) => ({
    ...SECRETS,
    "zakaz:vkAds": "true",
    "zakaz:vkAdsAccounts": typeof accounts === "string" ? accounts : JSON.stringify(accounts),
    ...more,
  });

  it("are written as Node writes JSON, so that Pulumi recognises their parts", async () => {
    const escaped = JSON.stringify([{ ...account, clientSecret: "a<b&c" }])
      .replace("<", "\\u003c")
      .replace("&", "\\u0026");
    const { secrets } = await read(withAccounts(escaped), "prod");
    expect(await valueOf(secrets["vkAdsAccounts"]!)).toBe(
      JSON.stringify([{ ...account, clientSecret: "a<b&c" }]),
    );
  });

  it.each([
    [
      [{ account: "1001", clientId: "x" }],
      "--secret --path 'zakaz:vkAdsAccounts[0].clientSecret'",
      "lacks clientSecret for account 1001",
    ],
    [[account, account], "--path 'zakaz:vkAdsAccounts[1].account' <value>", "names account 1001 twice"],
  ])("%j is refused in one sentence with its command", async (accounts, command, problem) => {
    expect(await reason(withAccounts(accounts), "prod")).toBe(
      `zakaz:vkAdsAccounts ${problem}. Fix it with: pulumi config set ${command} --stack prod`,
    );
  });

  it("are needed exactly where VK Ads is switched on", async () => {
    expect(await reason({ ...SECRETS, "zakaz:vkAds": "true" }, "prod")).toBe(
      "zakaz:vkAdsAccounts is not set, but zakaz:vkAds is true. Fix it with: " +
        "pulumi config set --secret --path 'zakaz:vkAdsAccounts[0].clientSecret' --stack prod",
    );
    expect(await reason(withAccounts([account], { "zakaz:vkAds": "false" }), "prod")).toBe(
      "zakaz:vkAdsAccounts is set, but zakaz:vkAds is not true. Fix it with: pulumi config rm zakaz:vkAdsAccounts --stack prod",
    );
  });

  it("are no samples but on dev", async () => {
    const sample = [{ ...account, clientSecret: "sandbox_secret" }];
    expect(await reason(withAccounts(sample, { "zakaz:source": "sandbox" }), "prod")).toContain(
      "zakaz:vkAdsAccounts holds a documented sample, allowed on stack dev only",
    );
    await expect(read(withAccounts(sample, { "zakaz:source": "sandbox" }), "dev")).resolves.toBeDefined();
  });
});
