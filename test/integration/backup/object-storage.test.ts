import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listBackups, takeBackup } from "../../../backup/take";
import { nameOf } from "../../../warehouse/backup/backup";
import { fingerprint, tablesOf } from "../../../warehouse/backup/fingerprint";
import { s3Storage, type S3Storage } from "../../../warehouse/backup/place";
import { restorable } from "../../../warehouse/backup/policy";
import { rehearse } from "../../../warehouse/backup/rehearse";
import { drop, restoreAs, restoreTables } from "../../../warehouse/backup/restore";
import { LeakSearch, madeMarker } from "../../support/leak-search";
import { reservePort } from "../../support/ports";
import { S3_PROGRAM, S3Server } from "../../support/s3-server";
import { startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { must, run } from "../../support/stack";
import { warehouseOf } from "../access/support";
import { BackedUp } from "./support";

/** Backups in object storage: a real S3 server, and what the backup container and an operator do with it. */
const DAY = 86_400_000;
const WRONG_SECRET = "another-secret-0123456789";
const LEDGER = "zakaz.fact_qtickets_orders";

describe.each(COUNTS.versions)("backups of ClickHouse %s in object storage", (version) => {
  // In the past, so that a drill can tell what was written since; not longer ago than the journal is kept.
  const began = Math.floor(Date.now() / DAY - 60) * DAY;
  const full = nameOf(began, "full");
  const incremental = nameOf(began + DAY, "incr");
  let s3: S3Server;
  let storage: S3Storage;
  let shop: BackedUp;
  /** The program's clock. */
  let now = began;
  const take = (kind?: "full" | "incr") => shop.take(kind, () => now);
  const list = () =>
    listBackups(
      shop.context(() => now),
      "bytes",
    );
  /** Objects of the stack, at the top. */
  const objects = () => readdirSync(s3.folderOf("zakaz/shop")).sort();
  const contents = async () => {
    const tables = (await tablesOf(shop.schema.warehouse)).filter((table) => /^zakaz\./.test(table));
    return Promise.all(tables.map((table) => fingerprint(shop.schema.warehouse, table)));
  };

  beforeAll(async () => {
    s3 = await S3Server.start();
    storage = s3.storage("zakaz/shop");
    shop = await BackedUp.start({ version }, storage);
    await shop.insertOrders(0, 1000);
  });
  afterAll(async () => {
    await shop.stop();
    await s3.stop();
  });

  it("are made full and incremental, whole, journaled, their records beside them, and nothing on the server's disk", async () => {
    expect(await take()).toMatchObject({ name: full, kind: "full", verified: true, pruned: [] });
    now += DAY;
    await shop.insertOrders(1000, 10);
    const taken = await take();
    expect(taken).toMatchObject({ name: incremental, base: full, verified: true });
    expect(objects()).toEqual([full, `${full}.json`, incremental, `${incremental}.json`]);
    expect(shop.files).toEqual([]);
    const { backups, ...rest } = await list();
    expect(backups.map(({ name, state }) => [name, state])).toEqual([
      [full, "whole"],
      [incremental, "whole"],
    ]);
    const target = `S3('${storage.endpoint}/backups/zakaz/shop')`;
    expect(rest).toEqual({ newest: incremental, fresh: true, target });
    const rows = await shop.schema.warehouse.rows(
      "SELECT backup_name, status, target, bytes FROM meta.backup_runs FINAL ORDER BY ts DESC LIMIT 1",
    );
    expect(rows).toEqual([{ backup_name: incremental, status: "ok", target, bytes: taken.bytes }]);
  });

  it("bring back every row, in place and beside", async () => {
    const before = await contents();
    expect(before.find(({ table }) => table === LEDGER)?.rows).toBe(1010);
    await shop.run(`TRUNCATE TABLE ${LEDGER}`);
    const { place } = shop;
    const say = () => undefined;
    const request = { place, name: incremental, bytes: 1, tables: [LEDGER], over: [], say };
    await restoreTables(shop.schema.warehouse, request);
    expect(await contents()).toEqual(before);
    const copied = await restoreAs(shop.schema.warehouse, { place, name: incremental, bytes: 1 }, "look");
    expect(copied.find(({ table }) => table === LEDGER)?.rows).toBe(1010);
    await drop(shop.schema.warehouse, "look");
  });

  it("pass the drill on an empty server", async () => {
    const beganAt = Date.now();
    const server = await startServer({ version: "25.8.2" });
    const scratch = warehouseOf(server);
    try {
      const [backup] = restorable(await shop.store.list("sizes"));
      const options = { live: shop.schema.warehouse, place: shop.place, backup: backup!, beganAt };
      const found = await rehearse({ scratch, ...options, say: () => undefined });
      expect(found).toMatchObject({ backup: incremental, problems: [], views: 16 });
      expect(found.tables.find(({ table }) => table === LEDGER)).toMatchObject({ rows: 1010 });
    } finally {
      await scratch.close();
      await server.stop();
    }
  });

  it("are found to be damaged by one byte, before they are needed, and nothing is based on them", async () => {
    const { files } = JSON.parse(readFileSync(s3.folderOf(`zakaz/shop/${full}.json`), "utf8")) as {
      files: object;
    };
    const [path = ""] = Object.keys(files).filter((file) => /orders_raw.*data\.bin$/.test(file));
    const place = s3.folderOf(`zakaz/shop/${full}/${path}`);
    const content = readFileSync(place);
    content[content.length >> 1]! ^= 1;
    writeFileSync(place, content);
    const listed = await list();
    expect(listed).toMatchObject({ newest: "" });
    expect(listed.backups[0]).toMatchObject({ state: "damaged", why: `${path} has been changed` });
    await expect(take("incr")).rejects.toThrow(
      `Backup ${full} is damaged (${path} has been changed), so nothing can be based on it: npx zakaz backup --full makes a new one`,
    );
    content[content.length >> 1]! ^= 1;
    writeFileSync(place, content);
    rmSync(place);
    expect((await list()).backups[0]).toMatchObject({ state: "damaged", why: `${path} is missing` });
    writeFileSync(place, content);
    expect(await list()).toMatchObject({ newest: incremental });
  });

  it.each([
    [
      "a wrong secret",
      { secret: WRONG_SECRET },
      /^http:\S+ refuses key key\w+ in bucket backups \(SignatureDoesNotMatch\): give it the right to list, read, write and delete, or set another: pulumi config set --secret zakaz:backupS3Secret, then pulumi up$/,
    ],
    [
      "no such bucket",
      { bucket: "elsewhere" },
      /^There is no bucket elsewhere at http:\S+: make it, or name another in zakaz:backup, then pulumi up$/,
    ],
    [
      "nobody at the address",
      { endpoint: "http://127.0.0.1:1" },
      /^The object storage http:\/\/127\.0\.0\.1:1 does not answer \(ECONNREFUSED\): it must be reachable from the server's network at the address in zakaz:backup$/,
    ],
  ])("are refused in one sentence: %s", async (_, change, sentence) => {
    const other = shop.with({ ...storage, ...change });
    const before = objects();
    await expect(other.take()).rejects.toThrow(sentence);
    await expect(listBackups(other.context(), "sizes")).rejects.toThrow(sentence);
    expect(objects()).toEqual(before);
  });

  it("fail with the server's own words when it alone is refused, and leave nothing half", async () => {
    now += DAY;
    const before = objects();
    const { place } = shop.with({ ...storage, secret: WRONG_SECRET });
    const failed = takeBackup({ ...shop.context(() => now), place });
    const name = nameOf(now, "incr");
    await expect(failed).rejects.toThrow(
      new RegExp(`^Backup ${name} was not made; ClickHouse says: .*signature we calculated does not match`),
    );
    expect(objects()).toEqual(before);
    expect((await shop.journal()).at(-1)).toMatchObject({ status: "error" });
    const restored = restoreAs(shop.schema.warehouse, { place, name: full, bytes: 1 }, "look");
    await expect(restored).rejects.toThrow(
      new RegExp(`^Backup ${full} was not restored, and no table was changed: ClickHouse says: .*signature`),
    );
  });

  it("leave the key's secret nowhere: not in the server's logs, tables and files, nor in the bucket, the journal, what is said", async () => {
    await shop.server.sql("SYSTEM FLUSH LOGS");
    const folder = mkdtempSync(join(tmpdir(), "zakaz-leak-"));
    const search = new LeakSearch(folder);
    search.plant(madeMarker("secret", storage.secret), madeMarker("wrong", WRONG_SECRET));
    for (const table of ["query_log", "text_log", "backup_log", "backups", "errors"]) {
      await search.text(table, JSON.stringify(await shop.server.sql(`SELECT * FROM system.${table}`)));
    }
    await search.text("journal", JSON.stringify(await shop.server.sql("SELECT * FROM meta.backup_runs")));
    await search.text("what was said", shop.said.join("\n"));
    await search.files("the server's files", shop.server.folder);
    await search.files("the bucket", s3.folderOf(storage.prefix));
    rmSync(folder, { recursive: true });
    expect(search.hits()).toEqual([]);
    // The search has seen the statements: masked, with the id of the key.
    const [seen] = await shop.server.sql<{ query: string }>(
      "SELECT query FROM system.query_log WHERE query LIKE 'BACKUP%base_backup%' AND type = 'QueryFinish' LIMIT 1",
    );
    expect(seen?.query).toContain(`'${storage.keyId}', '[HIDDEN]')`);
    expect(seen?.query).not.toContain(storage.secret);
    // ClickHouse itself writes the key into the list of an incremental backup; the record was made of what is there now.
    const contentsOf = readFileSync(s3.folderOf(`zakaz/shop/${incremental}/.backup`), "utf8");
    expect(contentsOf).toContain(
      `<base_backup>S3('${storage.endpoint}/backups/zakaz/shop/${full}')</base_backup>`,
    );
  });

  it("are pruned by age, an orphan with its base, to the last object", async () => {
    rmSync(s3.folderOf(`zakaz/shop/${full}`), { recursive: true });
    rmSync(s3.folderOf(`zakaz/shop/${full}.json`));
    expect(await list()).toMatchObject({ newest: "" });
    const next = await take();
    expect(next).toMatchObject({ name: nameOf(began + 2 * DAY, "full") });
    expect(next.pruned).toEqual([{ name: incremental, why: `its base ${full} is gone` }]);
    expect(existsSync(s3.folderOf(`zakaz/shop/${incremental}`))).toBe(false);
    now += 40 * DAY;
    // The first of a quarter, which the policy keeps for a year unless it is told otherwise.
    const context = shop.context(() => now, { keepQuarterlyDays: 0 });
    const last = await takeBackup(context, "full");
    expect(last.pruned).toEqual([{ name: next.name, why: "older than 28 days" }]);
    expect(objects()).toEqual([last.name, `${last.name}.json`]);
    expect((await shop.journal()).map(({ name, status }) => [name, status])).toEqual([
      [full, "deleted"],
      [incremental, "deleted"],
      [next.name, "deleted"],
      [nameOf(began + 2 * DAY, "incr"), "error"],
      [last.name, "ok"],
    ]);
  });
});

describe("a full bucket", () => {
  const container = `zt-s3-${process.pid}`;
  const secret = "full-bucket-secret";
  let shop: BackedUp;

  beforeAll(async () => {
    const port = await reservePort();
    const program = realpathSync(S3_PROGRAM);
    const keys = ["-e", "ROOT_ACCESS_KEY_ID=full", "-e", `ROOT_SECRET_ACCESS_KEY=${secret}`];
    const places = ["--tmpfs", "/data:size=200k", "--tmpfs", "/attributes", "-v", `${program}:/versitygw:ro`];
    const serve =
      "mkdir /data/backups && exec /versitygw --quiet --port :7070 posix --sidecar /attributes /data";
    const image = ["-p", `127.0.0.1:${port}:7070`, "zakaz/base", "sh", "-c", serve];
    await must(run("docker", ["run", "-d", "--rm", "--name", container, ...places, ...keys, ...image]));
    const bucket = { endpoint: `http://127.0.0.1:${port}`, bucket: "backups", prefix: "zakaz/full" };
    shop = await BackedUp.start({}, s3Storage.parse({ ...bucket, keyId: "full", secret, allowHttp: true }));
    await shop.insertOrders(0, 20_000);
  });
  afterAll(async () => {
    await shop.stop();
    await run("docker", ["rm", "-f", container]);
  });

  it("is said in one sentence with what to do, and nothing half is left", async () => {
    await expect.poll(() => shop.store.list("sizes").catch(String), { timeout: 30_000 }).toEqual([]);
    await expect(shop.take()).rejects.toThrow(
      /^Backup \S+-full was not made: there is no room left where backups are kept \(0 backups take 0\.0 MB\); give it room, or keep fewer: pulumi config set zakaz:backup$/,
    );
    expect(await shop.store.list("sizes")).toEqual([]);
    expect(await shop.journal()).toEqual([expect.objectContaining({ status: "error" })]);
  });
});
