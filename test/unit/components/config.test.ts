import { describe, expect, it } from "vitest";
import { recordResources, valueOf } from "../../support/pulumi-mocks";

const SECRETS = {
  "zakaz:adminPassword": "a-long-admin-secret",
  "zakaz:loaderPassword": "a-long-loader-secret",
  "zakaz:datalensPassword": "a-long-reader-secret",
  "zakaz:backupPassword": "a-long-backup-secret",
  "zakaz:qticketsToken": "a-long-token",
};

async function read(config: Record<string, string>, stack = "unit") {
  await recordResources(config, stack);
  const { readConfig } = await import("../../../config.js");
  return readConfig();
}

describe("the stack's configuration", () => {
  it("has safe defaults where a stack says nothing", async () => {
    const { secrets: _, ...settings } = await read(SECRETS);
    expect(settings).toEqual({
      instance: "",
      clickhouseImage: "embedded",
      bindAddress: "127.0.0.1",
      httpPort: 8123,
      nativePort: 9000,
      nofile: 262144,
      healthInterval: "2s",
      protectData: true,
      source: "qtickets",
      load: "none",
      sandbox: { seed: 1, ordersPerDay: 40, days: 45, events: 12 },
      readerNetworks: [],
    });
  });

  it("gives every secret as a secret output", async () => {
    const { secrets } = await read(SECRETS);
    expect(await valueOf(secrets.datalensPassword)).toBe("a-long-reader-secret");
    for (const secret of Object.values(secrets)) {
      expect(await (secret as unknown as { isSecret: Promise<boolean> }).isSecret).toBe(true);
    }
  });

  it("names every missing secret with the command that sets it", async () => {
    await expect(read({ "zakaz:adminPassword": "a-long-admin-secret" }, "prod")).rejects.toThrow(
      [
        "The configuration of stack prod is not complete:",
        "  zakaz:loaderPassword is not set. Set it with: pulumi config set --secret zakaz:loaderPassword --stack prod",
        "  zakaz:datalensPassword is not set. Set it with: pulumi config set --secret zakaz:datalensPassword --stack prod",
        "  zakaz:backupPassword is not set. Set it with: pulumi config set --secret zakaz:backupPassword --stack prod",
        "  zakaz:qticketsToken is not set. Set it with: pulumi config set --secret zakaz:qticketsToken --stack prod",
      ].join("\n"),
    );
  });

  it("refuses the documented samples on any stack but dev, without printing them", async () => {
    const config = { ...SECRETS, "zakaz:adminPassword": "admin_pass" };
    const failure = await read(config, "prod").catch((error: Error) => error.message);
    expect(failure).toContain("zakaz:adminPassword is the documented sample, allowed on stack dev only.");
    expect(failure).not.toContain("admin_pass");
    await expect(read(config, "dev")).resolves.toBeDefined();
  });

  it.each([
    ["httpPort", "70000", "zakaz:httpPort"],
    ["instance", "Größe", "zakaz:instance: must be up to 20 of a-z, 0-9 and -"],
    [
      "clickhouseImage",
      "clickhouse/clickhouse-server:latest",
      "zakaz:clickhouseImage: must be `embedded` or",
    ],
    ["load", "sometimes", "zakaz:load"],
    ["sandbox", "{", "zakaz:sandbox: is not JSON"],
    ["sandbox", '{"colour":1}', "zakaz:sandbox"],
    ["readerNetworks", '["everywhere"]', "zakaz:readerNetworks"],
  ])("says what is wrong with %s = %s", async (key, value, message) => {
    await expect(read({ ...SECRETS, [`zakaz:${key}`]: value })).rejects.toThrow(message);
  });
});
