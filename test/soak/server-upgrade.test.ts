import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localServerImage, ROOT } from "../../images";
import type { Fingerprint } from "../../warehouse/backup/fingerprint";
import { users } from "../../warehouse/catalogue";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import { contentsOf, ordersSql } from "../integration/backup/support";
import { dockerLines, must, TestStack } from "../support/stack";

/**
 * A stack on the oldest supported ClickHouse with a million orders gets the one of development: tried on a backup, then done; no row is
 * lost, and it does not go back.
 * Not proved here: what is not fit for the newer version (test/integration/backup/rehearse.test.ts).
 */
const ORDERS = 1_000_000;
const stack = new TestStack(`upg${process.pid}`);
const idOf = async (image: string) =>
  (await dockerLines("image", "inspect", "-f", "{{.Id}}", image)).join("");

/** What every table of the stack holds. */
function contents() {
  const url = `http://127.0.0.1:${stack.httpPort}`;
  const admin = new Warehouse({ url, user: users.admin, password: stack.secrets.adminPassword });
  return withWarehouse(admin, contentsOf);
}

/** The longest time without an answer of the server while work is done, in ms. */
async function downtimeOf(work: () => Promise<unknown>): Promise<number> {
  let isOver = false;
  let longest = 0;
  const ask = async () => {
    for (let heard = performance.now(); !isOver; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const ok = await fetch(`http://127.0.0.1:${stack.httpPort}/ping`).then(
        (response) => response.ok,
        () => false,
      );
      if (!ok) continue;
      longest = Math.max(longest, performance.now() - heard);
      heard = performance.now();
    }
  };
  const asking = ask();
  await work().finally(() => (isOver = true));
  await asking;
  return longest;
}

let oldest: string;
let newest: string;
beforeAll(async () => {
  await promisify(execFile)("toolchain/setup", ["oldest", "oldest_image"], { cwd: ROOT });
  const [reference = ""] = await dockerLines(
    "images",
    "--format",
    "{{.Repository}}:{{.Tag}}",
    "zakaz/clickhouse-oldest",
  );
  oldest = await idOf(reference);
  newest = await idOf(localServerImage());
  await stack.configure({ settings: { load: "none", clickhouseImage: oldest } });
  await stack.up();
  await stack.zakazOutput("load");
  await stack.sql(ordersSql(0, ORDERS));
});
afterAll(() => stack.remove());

describe("a stack on the oldest ClickHouse", () => {
  let before: Fingerprint[];

  it("is told beforehand that its data are fit for the newer one", async () => {
    expect(await stack.sql("SELECT version()")).toMatch(/^24\.8\./);
    await stack.zakazOutput("backup");
    process.stdout.write(await stack.zakazOutput("drill"));
    expect(await stack.zakazOutput("upgrade-check", "--image", newest)).toMatch(
      /^Yes: pulumi config set zakaz:clickhouseImage /m,
    );
  });

  it("gets it by pulumi up, and loses no row", async () => {
    before = await contents();
    await stack.set("clickhouseImage", newest);
    const downtime = await downtimeOf(() => stack.up());
    process.stdout.write(`The server was away for ${(downtime / 1000).toFixed(1)} s\n`);
    expect(await stack.sql("SELECT version()")).toMatch(/^25\.8\./);
    expect(await contents()).toEqual(before);
    expect(await stack.sql("SELECT count() >= 1000000 FROM zakaz.fact_qtickets_orders FINAL")).toBe("1");
    const { stdout } = await must(stack.pulumi("preview", "--refresh", "--expect-no-changes"));
    expect(stdout).not.toContain("warning");
    await stack.zakazOutput("load");
    await stack.zakazOutput("check-reader");
  });

  it("does not go back", async () => {
    await stack.set("clickhouseImage", oldest);
    const { code, stdout, stderr } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(stdout + stderr).toMatch(
      /ClickHouse 24\.8\.\S+, of zakaz:clickhouseImage, is older than 25\.8\.\S+, which has written the data of \S+: it would not start on them, and nothing was changed/,
    );
    expect(code).not.toBe(0);
    expect(await stack.sql("SELECT version()")).toMatch(/^25\.8\./);
    await stack.zakazOutput("backup");
    const refused = await stack.zakaz("upgrade-check", "--image", oldest);
    expect(refused.stderr).toMatch(
      /^(?:.*\n)*zakaz: ClickHouse 24\.8\.\S+ is older than 25\.8\.\S+, which has written the data/,
    );
    expect(refused.code).toBe(1);
  });
});
