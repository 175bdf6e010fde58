import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listBackups } from "../../../backup/take";
import { COUNTS } from "../../support/soak";
import { BackedUp } from "./support";

/** Making backups as the backup container does, on a real server. */
const HOUR = 3_600_000;

describe.each(COUNTS.versions)("backups of ClickHouse %s", (version) => {
  let shop: BackedUp;
  /** The program's clock. */
  let now = Date.parse("2030-01-01T00:00:00Z");
  const take = (kind?: "full" | "incr") => shop.take(kind, () => now);

  beforeAll(async () => {
    shop = await BackedUp.start({ version });
    await shop.insertOrders(0, 1000);
  });
  afterAll(() => shop.stop());

  it("makes a full one first, whole, journaled, its record beside it", async () => {
    const taken = await take();
    expect(taken).toMatchObject({
      name: "20300101T000000Z-full",
      kind: "full",
      base: "",
      verified: true,
      pruned: [],
    });
    expect(shop.files).toEqual(["20300101T000000Z-full", "20300101T000000Z-full.json"]);
    expect(await shop.journal()).toEqual([{ name: taken.name, status: "ok", error: "" }]);
    const [row] = await shop.schema.warehouse.rows<Record<string, unknown>>(
      "SELECT mode, base_name, target, bytes, files, details FROM meta.backup_runs FINAL",
    );
    expect(row).toMatchObject({
      mode: "full",
      base_name: "",
      target: "Disk('backups')",
      bytes: taken.bytes,
      files: taken.files,
    });
    expect(JSON.parse(String(row?.["details"]))).toMatchObject({
      databases: ["zakaz", "bi", "meta"],
      verified: true,
    });
    expect(taken.bytes).toBeGreaterThan(10_000);
  });

  it("makes an incremental one on it, which holds only what is new", async () => {
    now += 24 * HOUR;
    await shop.insertOrders(1000, 10);
    const taken = await take();
    expect(taken).toMatchObject({ kind: "incr", base: "20300101T000000Z-full", verified: true });
    const held = shop.store.list("bytes");
    expect((await held).map(({ name, state }) => [name, state])).toEqual([
      ["20300101T000000Z-full", "whole"],
      ["20300102T000000Z-incr", "whole"],
    ]);
  });

  it("finds one byte that is another, before the backup is needed, and bases nothing on it", async () => {
    const [path = ""] = Object.keys(
      (
        JSON.parse(readFileSync(join(shop.server.backups, "20300101T000000Z-full.json"), "utf8")) as {
          files: object;
        }
      ).files,
    ).filter((file) => /orders_raw.*data\.bin$/.test(file));
    const place = join(shop.server.backups, "20300101T000000Z-full", path);
    const content = readFileSync(place);
    content[content.length >> 1]! ^= 1;
    writeFileSync(place, content);
    const listed = await listBackups(
      shop.context(() => now),
      "bytes",
    );
    expect(listed).toMatchObject({ newest: "", fresh: false });
    expect(listed.backups[0]).toMatchObject({ state: "damaged", why: `${path} has been changed` });
    now += HOUR;
    await expect(take("incr")).rejects.toThrow(
      /^Backup 20300101T000000Z-full is damaged \(.* has been changed\), so nothing can be based on it: npx zakaz backup --full/,
    );
    content[content.length >> 1]! ^= 1;
    writeFileSync(place, content);
    expect(
      await listBackups(
        shop.context(() => now),
        "bytes",
      ),
    ).toMatchObject({ newest: "20300102T000000Z-incr", fresh: true });
  });

  it("says of one whose base has vanished that it cannot be restored, makes a full one, and prunes the orphan", async () => {
    rmSync(join(shop.server.backups, "20300101T000000Z-full"), { recursive: true });
    rmSync(join(shop.server.backups, "20300101T000000Z-full.json"));
    expect(
      await listBackups(
        shop.context(() => now),
        "sizes",
      ),
    ).toMatchObject({ newest: "" });
    const taken = await take();
    expect(taken.kind).toBe("full");
    expect(taken.pruned).toEqual([
      { name: "20300102T000000Z-incr", why: "its base 20300101T000000Z-full is gone" },
    ]);
    expect(await shop.journal()).toEqual([
      {
        name: "20300101T000000Z-full",
        status: "deleted",
        error: "vanished: it was not deleted by the policy",
      },
      { name: "20300102T000000Z-incr", status: "deleted", error: "its base 20300101T000000Z-full is gone" },
      { name: taken.name, status: "ok", error: "" },
    ]);
  });

  it("journals a run that fails, leaves nothing half, and says the one thing to do", async () => {
    now += 24 * HOUR;
    await shop.run("REVOKE BACKUP ON bi.* FROM role_backup_operator");
    const before = shop.files;
    await expect(take()).rejects.toThrow(/^backup_user may not make a backup: npx zakaz access diff/);
    await shop.run("GRANT BACKUP ON bi.* TO role_backup_operator");
    expect(shop.files).toEqual(before);
    expect((await shop.journal()).at(-1)).toMatchObject({ status: "error" });
  });

  it("cannot keep whoever holds BACKUP from sending one to any address: why its password has one holder", async () => {
    let asked = 0;
    const bucket = createServer((_, response) => {
      asked += 1;
      response.writeHead(403).end();
    });
    await new Promise<void>((resolve) => bucket.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = bucket.address() as AddressInfo;
      const sent = shop.asBackup.command(
        `BACKUP TABLE zakaz.plan_sales TO S3('http://127.0.0.1:${port}/bucket/x', 'key', 'secret')`,
      );
      await expect(sent).rejects.not.toMatchObject({ code: 497 });
      expect(asked).toBeGreaterThan(0);
    } finally {
      bucket.closeAllConnections();
      bucket.close();
    }
  });

  it("lets two runs at once make one backup", async () => {
    now += HOUR;
    const [first, second] = await Promise.allSettled([take("full"), take("full")]);
    const ends = [first, second].map(({ status }) => status).sort();
    expect(ends).toEqual(["fulfilled", "rejected"]);
    const refused = first.status === "rejected" ? first : (second as PromiseRejectedResult);
    expect(refused.reason).toMatchObject({ exitCode: 4 });
  });
});
