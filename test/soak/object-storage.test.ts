import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { S3Server } from "../support/s3-server";
import { dockerLines, run, TestStack } from "../support/stack";

/**
 * A stack that moves its backups to object storage. Not proved here: what backups and restores do there, and how they fail
 * (test/integration/backup/object-storage.test.ts), and what becomes of a stack that loses its data (test/e2e/backup.test.ts).
 */
const stack = new TestStack(`s3${process.pid}`);
const backupsVolume = `zakaz-clickhouse-backups-${stack.instance}`;

const plan = () => stack.sql("SELECT * FROM zakaz.plan_sales FINAL ORDER BY ALL");
let s3: S3Server;
let before: string;

beforeAll(async () => {
  await stack.configure({ settings: { load: "none", protectData: "true" } });
  await stack.up();
  await stack.zakazOutput("plan", "loaders/sales-plan/example.csv");
  before = await plan();
  expect(before).not.toBe("");
  // Containers of every network of Docker reach the host by this address.
  const gateway = "{{(index .IPAM.Config 0).Gateway}}";
  s3 = await S3Server.start((await dockerLines("network", "inspect", "bridge", "--format", gateway))[0]);
  const { secret, ...bucket } = s3.storage(`zakaz/${stack.instance}`);
  await stack.set("backup", JSON.stringify({ schedule: "off", s3: bucket }));
  await stack.setSecret("backupS3Secret", secret);
});

afterAll(async () => {
  await s3?.stop();
  await stack.remove();
});

describe("a stack that keeps its backups in object storage", () => {
  it("goes there by another file of settings alone, and shows the secret nowhere", async () => {
    expect(await stack.changes()).toEqual(["update backup-settings"]);
    await stack.up();
    const { secret } = s3.storage("any");
    expect((await stack.pulumi("stack", "export")).stdout).not.toContain(secret);
    expect((await run("docker", ["inspect", ...(await stack.containerIds())])).stdout).not.toContain(secret);
  });

  it("makes backups, passes the drill and is as before after a loss", async () => {
    expect(JSON.parse(await stack.zakazOutput("backup", "--json"))).toMatchObject({
      kind: "full",
      verified: true,
    });
    expect(await stack.zakazOutput("backup")).toMatch(
      /^\S+-incr on \S+-full: \d+ files, .* made and verified/,
    );
    expect(await stack.zakazOutput("backup", "--verify")).toMatch(
      /^2 backups in S3\('http:\S+\/backups\/zakaz\/\S+'\); the newest that can be restored is \S+-incr$/m,
    );
    expect(await stack.zakazOutput("drill")).toMatch(/25 tables with \d+ rows, every part as it was written/);
    await stack.sql("TRUNCATE TABLE zakaz.plan_sales");
    await stack.zakazOutput("restore", "--table", "zakaz.plan_sales");
    expect(await plan()).toBe(before);
  });

  it("lets the volume of the former backups go, since there are others elsewhere", async () => {
    expect(await stack.zakazOutput("release-data", backupsVolume)).toContain(
      `${backupsVolume} is protected no more`,
    );
  });

  it("says in one sentence that the storage does not answer", async () => {
    await s3.kill();
    const { code, stdout, stderr } = await stack.zakaz("backup");
    expect(stderr).toMatch(
      /^zakaz: The object storage http:\S+ does not answer \(ECONNREFUSED\): it must be reachable from the server's network at the address in zakaz:backup\n$/,
    );
    expect([code, stdout]).toEqual([1, ""]);
  });
});
