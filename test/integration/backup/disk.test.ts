import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { applyAccess } from "../../../warehouse/access/apply";
import type { Fingerprint } from "../../../warehouse/backup/fingerprint";
import { backupPlace } from "../../../warehouse/backup/place";
import { restoreTables } from "../../../warehouse/backup/restore";
import type { Warehouse } from "../../../warehouse/client";
import { startContainer, type ServerContainer } from "../../support/container";
import { declarationWith, newPasswords } from "../access/support";
import { SchemaServer } from "../schema/support";
import { BackedUp, contentsOf, ordersSql } from "./support";

/**
 * A disk that is full, and a kill, while tables are merged or brought back: nothing is lost.
 * Not proved here: the same of a load (test/integration/loaders/fault-matrix-clickhouse.test.ts, runs.test.ts) and of a backup
 * (faults.test.ts); a kill in the middle of a restore (restore.test.ts).
 */
const LEDGER = "zakaz.fact_qtickets_orders";

/** Active parts of the ledger. */
async function partsOf(warehouse: Warehouse): Promise<number> {
  const [row] = await warehouse.rows<{ n: number }>(
    `SELECT toUInt32(count()) AS n FROM system.parts WHERE active AND concat(database, '.', table) = '${LEDGER}'`,
  );
  return row!.n;
}

describe("a disk that is full", () => {
  const name = "20300101T000000Z-full";
  let server: ServerContainer;
  let schema: SchemaServer;
  let before: Fingerprint[];
  const fill = () => server.sh("dd if=/dev/zero of=/var/lib/clickhouse/filler bs=64k 2>/dev/null; true");
  const makeRoom = () => server.sh("rm -f /var/lib/clickhouse/filler");

  beforeAll(async () => {
    const disk = "/var/lib/clickhouse:size=300m,uid=101,gid=101,mode=0755";
    server = await startContainer({ dockerArguments: ["--tmpfs", disk] });
    schema = new SchemaServer(server);
    await applyAccess(schema.warehouse, declarationWith(newPasswords()));
    await schema.apply();
    await schema.run(`SYSTEM STOP MERGES ${LEDGER}`, ordersSql(0, 50_000), ordersSql(50_000, 50_000));
    before = await contentsOf(schema.warehouse);
    expect(before.find(({ table }) => table === LEDGER)?.rows).toBe(100_000);
    const databases = ["zakaz", "bi", "meta"].map((database) => `DATABASE ${database}`).join(", ");
    await schema.run(`BACKUP ${databases} TO ${backupPlace().of(name)}`);
  });
  afterEach(() => makeRoom());
  afterAll(() => schema?.close());

  it("stops a merge, which is done when there is room again", async () => {
    const parts = await partsOf(schema.warehouse);
    await schema.run(`SYSTEM START MERGES ${LEDGER}`);
    await fill();
    const optimize = `OPTIMIZE TABLE ${LEDGER} FINAL SETTINGS optimize_throw_if_noop = 1`;
    await expect(schema.run(optimize)).rejects.toThrow(
      /CANNOT_ASSIGN_OPTIMIZE: .*Not enough free space to merge/,
    );
    expect(await contentsOf(schema.warehouse)).toEqual(before);
    await makeRoom();
    await schema.run(`OPTIMIZE TABLE ${LEDGER} FINAL`);
    expect(await partsOf(schema.warehouse)).toBeLessThan(parts);
    expect(await contentsOf(schema.warehouse)).toEqual(before);
  });

  it("stops a restore before any table is changed, in one sentence; with room again it brings everything back", async () => {
    const restore = () =>
      restoreTables(schema.warehouse, {
        ...{ place: backupPlace(), name, bytes: 5_000_000, tables: [], over: ["zakaz", "meta"] },
        say: () => undefined,
      });
    await schema.run(`DELETE FROM ${LEDGER} WHERE event_id = '7'`);
    const damaged = await contentsOf(schema.warehouse);
    expect(damaged).not.toEqual(before);
    await fill();
    await expect(restore()).rejects.toThrow(
      `Backup ${name} was not restored, and no table was changed: it takes 5.0 MB beside the data that are there, and the server's disk has 0.0 MB left; make room`,
    );
    expect(await contentsOf(schema.warehouse)).toEqual(damaged);
    await makeRoom();
    await restore();
    expect(await contentsOf(schema.warehouse)).toEqual(before);
  });
});

describe("a server that is killed in the middle of a merge", () => {
  let shop: BackedUp;
  beforeAll(async () => {
    // Some 0.2 MB a second: a merge takes seconds, whatever the machine.
    const slow =
      "<clickhouse><max_merges_bandwidth_for_server>200000</max_merges_bandwidth_for_server></clickhouse>";
    shop = await BackedUp.start({ files: { "config.d/slow.xml": slow } });
    await shop.insertOrders(0, 30_000);
    await shop.insertOrders(30_000, 30_000);
  });
  afterAll(() => shop.stop());

  it("has lost nothing when it is back, and merges again", async () => {
    const { warehouse } = shop.schema;
    const before = await contentsOf(warehouse);
    const parts = await partsOf(warehouse);
    const merge = shop.run(`OPTIMIZE TABLE ${LEDGER} FINAL`);
    const cut = expect(merge).rejects.toThrow();
    const merging = async () =>
      (await shop.server.sql(`SELECT 1 FROM system.merges WHERE concat(database, '.', table) = '${LEDGER}'`))
        .length;
    await expect.poll(merging, { timeout: 30_000, interval: 20 }).toBeGreaterThan(0);
    await shop.server.kill();
    await cut;
    await shop.server.start();
    expect(await contentsOf(warehouse)).toEqual(before);
    const isMerged = async () => {
      await shop.run(`OPTIMIZE TABLE ${LEDGER} FINAL`);
      return (await partsOf(warehouse)) < parts;
    };
    while (!(await isMerged())) await sleep(200);
    expect(await contentsOf(warehouse)).toEqual(before);
  });
});
