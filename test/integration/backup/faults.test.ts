import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareImage, recipes } from "../../../images";
import { nameOf } from "../../../warehouse/backup/backup";
import { users } from "../../../warehouse/catalogue";
import { startContainer, type ServerContainer } from "../../support/container";
import { COUNTS } from "../../support/soak";
import { must, ROOT, run } from "../../support/stack";
import { BackedUp } from "./support";

/** What goes wrong while a backup is made. */
describe("a server that is killed in the middle of a backup", () => {
  let shop: BackedUp;
  beforeAll(async () => {
    // Some 0.2 MB a second: a backup takes seconds, whatever the machine.
    const slow =
      "<clickhouse><max_backup_bandwidth_for_server>200000</max_backup_bandwidth_for_server></clickhouse>";
    shop = await BackedUp.start({ files: { "config.d/slow.xml": slow } });
    await shop.insertOrders(0, 20_000);
  });
  afterAll(() => shop.stop());

  const timeout = 120_000 + COUNTS.kills * 5_000;
  it(
    "costs that backup alone: the next run says so in the journal, clears what is half, and makes a whole one",
    { timeout },
    async () => {
      const kill = async (startedAt: number) => {
        const cut = shop.take(undefined, () => startedAt);
        const ended = expect(cut).rejects.toThrow();
        while (!existsSync(join(shop.server.backups, nameOf(startedAt, "full")))) await sleep(10);
        await shop.server.kill();
        await shop.server.start();
        await ended;
      };
      const first = Date.parse("2030-01-01T00:00:00Z");
      const kills = Array.from({ length: COUNTS.kills }, (_, i) => first + i * 60_000);
      for (const startedAt of kills) await kill(startedAt);
      await shop.server.sql("SYSTEM FLUSH LOGS");
      const [rows] = await shop.server.sql<{ rows: number }>(
        "SELECT toUInt32(count()) AS rows FROM zakaz.fact_qtickets_orders FINAL",
      );
      expect(rows?.rows).toBe(20_000);
      const taken = await shop.take(undefined, () => kills.at(-1)! + 60_000);
      expect(taken).toMatchObject({ kind: "full", verified: true });
      expect((await shop.journal()).map(({ name, status }) => [name, status])).toEqual([
        ...kills.map((startedAt): [string, unknown] => [
          nameOf(startedAt, "full"),
          expect.stringMatching(/^(error|deleted)$/),
        ]),
        [taken.name, "ok"],
      ]);
      expect(shop.files.filter((file) => !file.startsWith(taken.name))).toEqual([]);
    },
  );
});

describe("a full target", () => {
  const volume = `zt-backups-${process.pid}`;
  const size = "type=tmpfs device=tmpfs o=size=64k,uid=101,gid=101,mode=0750";
  let server: ServerContainer;
  let folder: string;

  beforeAll(async () => {
    await prepareImage(recipes.backup);
    await must(
      run("docker", ["volume", "create", ...size.split(" ").flatMap((one) => ["--opt", one]), volume]),
    );
    server = await startContainer({ dockerArguments: ["-v", `${volume}:/backups`] });
    folder = mkdtempSync(join(tmpdir(), "zakaz-backup-settings-"));
    const settings = {
      warehouse: { url: "http://127.0.0.1:8123", user: users.admin, password: server.adminPassword },
      policy: {},
      folder: "/backups",
    };
    // For the container's user.
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "backup.json"), JSON.stringify(settings));
    for (const database of ["zakaz", "bi", "meta"]) await server.sql(`CREATE DATABASE ${database}`);
    await server.sql(
      "CREATE TABLE zakaz.t (a UInt64, b UInt64) ENGINE = MergeTree ORDER BY a AS SELECT number, sipHash64(number) FROM numbers(100000)",
    );
    await server.sql(JOURNAL);
  });
  afterAll(async () => {
    await server.stop();
    await run("docker", ["volume", "rm", volume]);
    rmSync(folder, { recursive: true });
  });

  it("is said in one sentence with what to do, although ClickHouse says that the backup is made; nothing half is left", async () => {
    const mounts = [
      "-v",
      `${volume}:/backups`,
      "-v",
      `${folder}:/etc/zakaz:ro`,
      "-v",
      `${join(ROOT, "backup/dist")}:/opt/backup:ro`,
    ];
    const network = ["--network", `container:${server.name}`, "--user", "101:101"];
    const program = (...args: string[]) =>
      run("docker", [
        "run",
        "--rm",
        ...mounts,
        ...network,
        "zakaz/node",
        "node",
        "/opt/backup/main.js",
        ...args,
      ]);
    const taken = await program("take");
    expect(taken.stderr.trim().split("\n").at(-1)).toMatch(
      /^Backup \S+-full was not made: there is no room left where backups are kept \(.* free, 0 backups take 0\.0 MB\); give it room, or keep fewer: pulumi config set zakaz:backup$/,
    );
    expect(taken.code).toBe(1);
    const said = await server.sql<{ status: string }>("SELECT status FROM system.backups");
    expect(said).toEqual([{ status: "BACKUP_CREATED" }]);
    expect(await server.sql("SELECT status FROM meta.backup_runs FINAL")).toEqual([{ status: "error" }]);
    expect(JSON.parse((await program("list")).stdout)).toMatchObject({ backups: [], newest: "" });
    expect((await server.sh("ls -A /backups")).trim()).toBe("");
  });
});

/** The journal as `sql/` has it, as far as the program writes it. */
const JOURNAL = `CREATE TABLE meta.backup_runs (ts DateTime('Europe/Moscow'), backup_name String, mode String, base_name String, target String,
  status String, finished_at Nullable(DateTime('Europe/Moscow')), bytes UInt64, files UInt64, duration_ms UInt64, details String, error_msg String, _ver UInt64)
ENGINE = ReplacingMergeTree(_ver) ORDER BY (ts, backup_name)`;
