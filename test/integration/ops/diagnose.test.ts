import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../../exit-codes";
import type { Container } from "../../../ops/container";
import type { FaultRule } from "../../../sandbox/qtickets/sandbox";
import { startContainer, type ServerContainer } from "../../support/container";
import { startServer, type Server } from "../../support/server";
import { sampleOf } from "../../support/soak";
import { wholeSql } from "../../support/sql";
import { RUNNING } from "../../unit/ops/support";
import { Desk } from "./desk";

/**
 * Each cause planted for real: the real loader fails on it, `diagnose` says the sentence, the command of the sentence is typed,
 * the loader runs again, and `diagnose` is silent.
 * Not proved here: states of a container and a network, which only Docker makes (test/unit/ops/diagnosis.test.ts).
 */
interface Plant {
  what: string;
  /** Statements by hand. */
  plant?: string[];
  /** Faults of the vendor. */
  faults?: FaultRule[];
  /** Settings of the run. */
  settings?: Record<string, string>;
  cause: string;
  sentence: string;
  /** The advice is for a person: what it comes to here. */
  instead?: "nothing more to do";
}

const ACCESS = "npx zakaz access apply";
const SCHEMA = "npx zakaz schema apply";
const BY_HAND = "docker exec -it ch-zakaz clickhouse-client --user=admin --ask-password -q";
const LIMITED = "ALTER USER etl_writer SETTINGS PROFILE 'etl_profile',";

const PLANTS: readonly Plant[] = [
  {
    what: "unknown column",
    plant: ["ALTER TABLE zakaz.fact_qtickets_sales_daily DROP COLUMN orders_count"],
    cause: "unknown column",
    sentence: `qtickets_api fails on zakaz.fact_qtickets_sales_daily: the server lacks its column orders_count, which sql/ declares; ${SCHEMA} adds it`,
  },
  {
    what: "missing table",
    plant: ["DROP TABLE zakaz.fact_qtickets_inventory SYNC"],
    cause: "missing table",
    sentence: `qtickets_api fails because zakaz.fact_qtickets_inventory, which sql/ declares, is not on the server; ${SCHEMA} makes it anew, without the rows that it had`,
  },
  {
    what: "the journal itself missing",
    plant: ["DROP TABLE zakaz.meta_job_runs SYNC"],
    cause: "missing table",
    sentence: `qtickets_api fails because zakaz.meta_job_runs, which sql/ declares, is not on the server; ${SCHEMA} makes it anew, without the rows that it had`,
  },
  {
    what: "a type that takes less",
    plant: [
      "ALTER TABLE zakaz.dim_events DROP COLUMN start_date",
      "ALTER TABLE zakaz.dim_events ADD COLUMN start_date Date AFTER city",
    ],
    cause: "type mismatch",
    sentence: `qtickets_api fails on zakaz.dim_events: its column start_date is Date, and sql/ declares Nullable(Date); ${SCHEMA} makes it as declared`,
  },
  {
    what: "another type",
    plant: [
      "ALTER TABLE zakaz.dim_events DROP COLUMN is_active",
      "ALTER TABLE zakaz.dim_events ADD COLUMN is_active Date AFTER end_date",
    ],
    cause: "type mismatch",
    sentence: `qtickets_api fails on zakaz.dim_events: its column is_active is Date, and sql/ declares UInt8; ${BY_HAND} "ALTER TABLE zakaz.dim_events MODIFY COLUMN is_active UInt8" makes it as declared, if its values allow that`,
  },
  {
    what: "missing grant",
    plant: ["REVOKE INSERT ON zakaz.fact_qtickets_sales_daily FROM role_etl_writer"],
    cause: "missing grant",
    sentence: `qtickets_api is refused on zakaz.fact_qtickets_sales_daily, as role_etl_writer lacks INSERT ON zakaz.fact_qtickets_sales_daily; ${ACCESS} gives it back`,
  },
  {
    what: "missing role",
    plant: ["REVOKE role_etl_writer FROM etl_writer"],
    cause: "missing grant",
    sentence: `qtickets_api is refused on meta.watermarks, as etl_writer lacks the role role_etl_writer; ${ACCESS} gives it back`,
  },
  {
    what: "wrong password",
    plant: ["ALTER USER etl_writer IDENTIFIED BY 'another one'"],
    cause: "wrong password",
    sentence: `etl_writer is not let in with the password of the stack, as another one was set on the server; ${ACCESS} sets that of the stack again`,
  },
  {
    what: "locked user",
    plant: ["ALTER USER etl_writer HOST NONE"],
    cause: "locked user",
    sentence: `etl_writer is locked: it may log in from nowhere; ${ACCESS} lets it in as declared`,
  },
  {
    what: "expired user",
    plant: ["ALTER USER etl_writer VALID UNTIL '2020-01-01'"],
    cause: "expired user",
    sentence: `etl_writer is not let in, as etl_writer is valid until 2020-01-01 00:00:00, declared without end; ${ACCESS} makes it as declared`,
  },
  {
    what: "dropped user",
    plant: ["DROP USER etl_writer"],
    cause: "missing user",
    sentence: `There is no user etl_writer on the server, and sql/10_access.sql declares it; ${ACCESS} makes it`,
  },
  {
    what: "host not allowed",
    plant: ["ALTER USER etl_writer HOST IP '10.1.2.3'"],
    cause: "host not allowed",
    sentence: `etl_writer is not let in from 127.0.0.1, as etl_writer may come from 10.1.2.3, declared 172.16.0.0/12, LOCAL; ${ACCESS} allows what is declared`,
  },
  {
    what: "memory",
    plant: [`${LIMITED} max_memory_usage = 1, max_untracked_memory = 0`],
    cause: "memory",
    sentence: `qtickets_api may not use enough memory, as etl_writer: max_memory_usage is 1, which is not declared; ${ACCESS} gives it what is declared`,
  },
  {
    what: "timeout",
    plant: [`${LIMITED} max_execution_time = 0.001`],
    cause: "timeout",
    sentence: `qtickets_api gets too little time for a statement, as etl_writer: max_execution_time is 0.001, which is not declared; ${ACCESS} gives it what is declared`,
  },
  {
    what: "readonly, settings allowed",
    plant: [`${LIMITED} readonly = 2`],
    cause: "readonly",
    sentence: `qtickets_api may not write, as etl_writer: readonly is 2, which is not declared; ${ACCESS} lets it write again`,
  },
  {
    what: "readonly",
    plant: [`${LIMITED} readonly = 1`],
    cause: "readonly",
    sentence: `etl_writer may not write, as etl_writer: readonly is 1, which is not declared; ${ACCESS} lets it write again`,
  },
  {
    what: "quota",
    plant: [
      "ALTER QUOTA etl_writer_quota KEYED BY user_name FOR INTERVAL 1 hour MAX queries = 5 TO etl_writer",
    ],
    cause: "quota",
    sentence: `qtickets_api is stopped by a quota, as the quota etl_writer_quota is KEYED BY user_name FOR INTERVAL 3600 SECOND MAX queries = 5, declared KEYED BY user_name FOR INTERVAL 3600 SECOND MAX errors = 2000, queries = 20000; ${ACCESS} makes it as declared`,
  },
  {
    what: "vendor down",
    faults: [{ kind: "status", status: 503, route: "/orders" }],
    cause: "vendor down",
    sentence:
      "Qtickets does not answer as it should (QTickets /orders failed (HTTP 503, application/json, 71 bytes, code UNKNOWN_ERROR)); npx zakaz load loads what is missing once it does",
    instead: "nothing more to do",
  },
  {
    what: "vendor not reached",
    settings: { QTICKETS_BASE_URL: "http://127.0.0.1:9" },
    cause: "vendor down",
    sentence:
      "Qtickets does not answer as it should (QTickets /events broke off (ECONNREFUSED); check the base URL and the network); npx zakaz load loads what is missing once it does",
    instead: "nothing more to do",
  },
  {
    what: "a data set that the vendor does not give",
    faults: [{ kind: "html", route: "/shows/*/seats" }],
    cause: "vendor's answer",
    sentence:
      "Qtickets answers qtickets_api otherwise than it should (inventory: 20 of 20 shows could not be read (HTTP 200, not asked)); npx zakaz load tries again, and if it stays so the loader has to learn the new answer",
    instead: "nothing more to do",
  },
  {
    what: "vendor's token refused",
    settings: { QTICKETS_TOKEN: "wrong-token-of-somebody" },
    cause: "vendor's token refused",
    sentence:
      "Qtickets refuses the token of qtickets_api or its rights; pulumi config set --secret zakaz:qticketsToken && pulumi up takes a new one",
    instead: "nothing more to do",
  },
  {
    what: "vendor's rate limit",
    faults: [{ kind: "status", status: 429, retryAfterSeconds: 90_000, route: "/orders" }],
    cause: "vendor's rate limit",
    sentence:
      "Qtickets allows qtickets_api no more requests for now; npx zakaz load goes on where it ended, after an hour, or after midnight where the limit is that of the day",
    instead: "nothing more to do",
  },
  {
    what: "no name is resolved",
    settings: { QTICKETS_BASE_URL: "http://vendor.invalid" },
    cause: "network without DNS",
    sentence:
      "The name of Qtickets cannot be resolved where qtickets_api runs; docker run --rm --network n --entrypoint getent i hosts yandex.ru shows whether any name can, which is for the host's /etc/resolv.conf to mend",
    instead: "nothing more to do",
  },
  {
    what: "run too long",
    faults: [{ kind: "delay", ms: 6000, route: "/orders" }],
    settings: { QTICKETS_RUN_SECONDS: "5" },
    cause: "run too long",
    sentence: "qtickets_api used up its time; npx zakaz load goes on where it ended",
    instead: "nothing more to do",
  },
];

/** A run that must be good. A run that could not release its lease keeps the job for three seconds. */
async function loadWell(desk: Desk): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { code, log } = await desk.load();
    if (code === EXIT.locked && tries < 20) await sleep(500);
    else return expect(code, log).toBe(EXIT.ok);
  }
}

describe("zakaz diagnose", () => {
  let desk: Desk<Server>;
  beforeAll(async () => {
    desk = await Desk.start();
    await loadWell(desk);
  });
  afterAll(() => desk?.stop());

  it.each(sampleOf(PLANTS).map((plant) => [plant.what, plant] as const))("%s", async (_, plant) => {
    await desk.byHand(...(plant.plant ?? []));
    desk.sandbox.faults.set(...(plant.faults ?? []));
    const { code, log } = await desk.load(plant.settings);
    desk.sandbox.faults.clear();
    expect([EXIT.error, EXIT.partial], log).toContain(code);
    const findings = await desk.diagnose();
    expect(findings.map(({ sentence }) => sentence)).toEqual([plant.sentence]);
    expect(findings.map(({ cause }) => cause)).toEqual([plant.cause]);
    if (plant.instead === undefined) await desk.type(findings[0]!.command);
    await loadWell(desk);
    expect(await desk.diagnose()).toEqual([]);
  });

  it("a clock that is ahead", async () => {
    expect((await desk.load({}, Date.now() + 2 * 3_600_000)).code).toBe(EXIT.ok);
    expect((await desk.diagnose()).map(({ sentence }) => sentence)).toEqual([
      "The clock of the machine that ran qtickets_api was 120 min ahead of the clock of the server; timedatectl set-ntp true on that machine sets it, before the next run",
    ]);
    await loadWell(desk);
    expect(await desk.diagnose()).toEqual([]);
  });

  it("the sandbox stopped, and started again", async () => {
    await desk.load({ QTICKETS_BASE_URL: "http://zakaz-sandbox.invalid" });
    const sentences = async (sandbox: Container) =>
      (await desk.diagnose({ sandbox })).map(({ sentence }) => sentence);
    expect(await sentences({ ...RUNNING, status: "exited" })).toEqual([
      "The sandbox is stopped, and qtickets_api reads from it; docker start zakaz-sandbox starts it, before the next load",
    ]);
    expect(await sentences(RUNNING)).toEqual([
      "The sandbox did not run when qtickets_api read from it, and runs again; npx zakaz load loads what is missing",
    ]);
    await loadWell(desk);
    expect(await sentences(RUNNING)).toEqual([]);
  });

  it("rows put aside", async () => {
    const { data } = desk.sandbox;
    const order = data.addOrder({}, Date.now() - 2000);
    const currency = order.currency_id;
    data.updateOrder(order.id, (changed) => void delete (changed as Partial<typeof changed>).currency_id);
    expect((await desk.load()).code).toBe(EXIT.ok);
    expect((await desk.diagnose()).map(({ sentence }) => sentence)).toEqual([
      "Qtickets sends rows that qtickets_api cannot read (orders: currency_id: missing, 1 times); docker run --rm --entrypoint cat -v q:/q sha256:i /var/lib/zakaz/quarantine/qtickets_api.jsonl lists them",
    ]);
    data.updateOrder(order.id, { currency_id: currency });
    await loadWell(desk);
    expect(await desk.diagnose()).toEqual([]);
  });

  it("what a reader may not see any more, until the reader has seen it", async () => {
    const read = () =>
      desk.ask("datalens_reader", "SELECT count() FROM bi.v_sales_daily WHERE d > '2020-01-01'");
    await desk.byHand("REVOKE SELECT ON bi.v_sales_daily FROM role_bi_reader");
    expect(await read()).toBe(497);
    const [finding, ...others] = await desk.diagnose();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      sentence: `datalens_reader is refused on bi.v_sales_daily, as role_bi_reader lacks SELECT ON bi.v_sales_daily; ${ACCESS} gives it back`,
      object: "bi.v_sales_daily",
      statement: "SELECT count() FROM bi.v_sales_daily WHERE d > ?",
      times: 1,
    });
    await desk.type(finding!.command);
    expect(await read()).toBe(0);
    expect(await desk.diagnose()).toEqual([]);
  });

  it("a view that reads a column which is gone", async () => {
    const read = () =>
      desk.ask("datalens_reader", "SELECT sum(orders_count) FROM zakaz.v_qtickets_sales_latest");
    await desk.byHand("ALTER TABLE zakaz.fact_qtickets_sales_daily DROP COLUMN orders_count");
    expect(await read()).toBe(47);
    const findings = await desk.diagnose();
    expect(findings.map(({ sentence }) => sentence)).toEqual([
      `datalens_reader fails on zakaz.fact_qtickets_sales_daily: the server lacks its column orders_count, which sql/ declares; ${SCHEMA} adds it`,
    ]);
    await desk.type(findings[0]!.command);
    expect(await read()).toBe(0);
    expect(await desk.diagnose()).toEqual([]);
  });

  it("is silent about what must be refused, and about mistakes of people; tells them apart", async () => {
    await loadWell(desk);
    for (const command of ["access check", "check-reader"]) {
      const { code, stdout } = await desk.zakaz(command.split(" "));
      expect([code, stdout !== ""], command).toEqual([0, true]);
    }
    expect(await desk.ask("datalens_reader", "SELECT nothing FROM bi.v_sales_daily")).toBe(47);
    expect(await desk.ask("datalens_reader", "SELECT 1 FROM bi.v_sails_daily")).toBe(60);
    expect(await desk.ask("datalens_reader", "SELECT count() FROM zakaz.dim_events")).toBe(497);
    expect(await desk.ask("datalens_reader", "SELECT 1", "not the password")).toBe(516);
    expect(await desk.ask("nobody_at_all", "SELECT 1", "not the password")).toBe(516);
    expect((await desk.server.client(["-q", "SELECT nothing FROM zakaz.dim_events"])).code).not.toBe(0);
    const { code, stdout, stderr } = await desk.zakaz(["diagnose", "--minutes", "10"]);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      "Nothing has gone wrong in the last 10 minutes that was not put right since.\n" +
        "No fault: datalens_reader UNKNOWN_IDENTIFIER, datalens_reader UNKNOWN_TABLE, datalens_reader ACCESS_DENIED.\n",
    );
  });

  it("is one object by --json, with exit code 1, the shape of the statement and no secret", async () => {
    await desk.byHand("REVOKE INSERT ON meta.watermarks FROM role_etl_writer");
    await desk.load();
    const { code, stdout, stderr } = await desk.zakaz(["diagnose", "--json"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const answer = JSON.parse(stdout) as { minutes: number; findings: { statement: string }[] };
    expect(answer).toMatchObject({ minutes: 60, findings: [{ cause: "missing grant", command: ACCESS }] });
    expect(answer.findings[0]?.statement).toMatch(/^INSERT INTO meta\.watermarks \(.*toIntervalSecond\(/);
    for (const secret of [desk.server.adminPassword, ...Object.values(desk.passwords)])
      expect(stdout).not.toContain(secret);
    const text = await desk.zakaz(["diagnose"]);
    expect(text.stdout).toMatch(/^missing grant: qtickets_api is refused on meta\.watermarks, as /);
    expect(text.stdout).not.toContain("\u001b");
    await desk.type(ACCESS);
    await loadWell(desk);
  });

  it.each(sampleOf(["0", "1.5", "soon", "10081"]))("refuses --minutes %s", async (minutes) => {
    const { code, stderr } = await desk.zakaz(["diagnose", "--minutes", minutes]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        "zakaz: --minutes must be a whole number from 1 to 10080, as in npx zakaz diagnose --minutes 10\n",
    });
  });

  it("admin is not let in", async () => {
    const stack = desk.stack;
    stack.warehouseTarget.password = "not-this-one";
    const { code, stdout } = await desk.zakaz(["diagnose"], RUNNING, JSON.stringify(stack));
    expect(code).toBe(1);
    expect(stdout).toContain(
      "admin refused: The server does not let admin in with the password of the stack; docker rm -f ch-zakaz && make up makes the container anew with it, and the data are where they were, in volumes.\n",
    );
    expect(stdout).not.toContain("not-this-one");
  });

  it("server stopped", async () => {
    await desk.server.kill("SIGTERM");
    const stopped = { ...RUNNING, status: "exited", exitCode: 143 };
    const { code, stdout } = await desk.zakaz(["diagnose"], stopped);
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout:
        "server stopped: The server is stopped: its container ended with code 143; docker start ch-zakaz starts it.\n",
    });
    expect((await desk.diagnose()).map(({ sentence }) => sentence)).toEqual([
      `The server's container ch-zakaz runs, and the server does not answer (connect ECONNREFUSED 127.0.0.1:${desk.server.httpPort}); docker restart ch-zakaz starts it again`,
    ]);
    await desk.server.start();
    await loadWell(desk);
    expect(await desk.diagnose()).toEqual([]);
  });
});

describe("on a server of another kind", () => {
  it("schema behind the code", async () => {
    const server = await startServer();
    const before = wholeSql().replace(
      /CREATE TABLE IF NOT EXISTS zakaz\.fact_qtickets_inventory\n[^]*?\nCOMMENT '[^']*';/,
      "",
    );
    const { code, stderr } = await server.client(["--multiquery"], before);
    expect(code, stderr).toBe(0);
    const desk = await Desk.on(server);
    try {
      expect((await desk.load()).code).toBe(EXIT.error);
      const findings = await desk.diagnose();
      expect(findings.map(({ sentence }) => sentence)).toEqual([
        `The schema of the server is behind the code, and qtickets_api fails on it; ${SCHEMA} brings it up to date`,
      ]);
      await desk.type(findings[0]!.command);
      await loadWell(desk);
      expect(await desk.diagnose()).toEqual([]);
    } finally {
      await desk.stop();
    }
  });

  it("too many parts", async () => {
    // No view writes on from it, into a table whose merges might lag behind as well.
    const table = "zakaz.dim_events";
    const few =
      "<parts_to_delay_insert>10000</parts_to_delay_insert><parts_to_throw_insert>50</parts_to_throw_insert>";
    const parts = `<clickhouse><merge_tree>${few}</merge_tree></clickhouse>`;
    const desk = await Desk.start({ files: { "config.d/parts.xml": parts } });
    try {
      await loadWell(desk);
      await desk.byHand(`SYSTEM STOP MERGES ${table}`);
      await desk
        .byHand(
          `INSERT INTO ${table} (event_id) SELECT toString(number) FROM numbers(60)
SETTINGS max_block_size = 1, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1, max_threads = 1`,
        )
        .catch((error: Error) => expect(error.message).toContain("TOO_MANY_PARTS"));
      expect((await desk.load()).code).toBe(EXIT.error);
      const findings = await desk.diagnose();
      expect(findings.map(({ sentence }) => sentence)).toEqual([
        `qtickets_api fails because ${table} has too many parts, as merging lags behind; ${BY_HAND} "OPTIMIZE TABLE ${table}" merges them`,
      ]);
      await desk.byHand(`SYSTEM START MERGES ${table}`);
      await desk.type(findings[0]!.command);
      await loadWell(desk);
      expect(await desk.diagnose()).toEqual([]);
    } finally {
      await desk.stop();
    }
  });

  it("another zone", async () => {
    const zone = (name: string) => `<clickhouse><timezone>${name}</timezone></clickhouse>`;
    const desk = await Desk.start({ files: { "config.d/timezone.xml": zone("UTC") } });
    try {
      expect((await desk.diagnose()).map(({ sentence }) => sentence)).toEqual([
        "The server counts its days in UTC and not in Europe/Moscow; docker rm -f ch-zakaz && make up gives it the configuration of clickhouse/config.d/ again",
      ]);
      await desk.server.kill("SIGTERM");
      writeFileSync(join(desk.server.folder, "config.d/timezone.xml"), zone("Europe/Moscow"));
      await desk.server.start();
      await loadWell(desk);
      expect(await desk.diagnose()).toEqual([]);
    } finally {
      await desk.stop();
    }
  });

  it("memory of the whole server", async () => {
    const limit = (bytes: number) =>
      `<clickhouse><max_server_memory_usage>${bytes}</max_server_memory_usage></clickhouse>`;
    const desk = await Desk.start({ files: { "config.d/zz-memory.xml": limit(0) } });
    const restartWith = async (bytes: number) => {
      await desk.server.kill("SIGTERM");
      writeFileSync(join(desk.server.folder, "config.d/zz-memory.xml"), limit(bytes));
      await desk.server.start();
    };
    try {
      await restartWith(2_000_000);
      // The server counts what it has really taken only every second or so.
      let findings: Awaited<ReturnType<typeof desk.diagnose>> = [];
      await expect
        .poll(async () => (findings = await desk.diagnose()).length, { timeout: 10_000, interval: 500 })
        .toBe(1);
      const [finding] = findings;
      expect(finding).toMatchObject({
        cause: "memory",
        command: "pulumi config set zakaz:memory 8192 && pulumi up",
      });
      expect(finding!.sentence).toMatch(
        /^The memory of the server is not enough for admin \(code 241 MEMORY_LIMIT_EXCEEDED: .*\); pulumi .* gives the server twice as much$/,
      );
      await restartWith(0);
      await loadWell(desk);
      expect(await desk.diagnose()).toEqual([]);
    } finally {
      await desk.stop();
    }
  });

  it("disk full", async () => {
    const disk = "/var/lib/clickhouse:size=200m,uid=101,gid=101,mode=755";
    const desk: Desk<ServerContainer> = await Desk.on(
      await startContainer({ dockerArguments: ["--tmpfs", disk] }),
    );
    try {
      await loadWell(desk);
      await desk.server.sh("dd if=/dev/zero of=/var/lib/clickhouse/filler bs=1M 2>/dev/null; true");
      const { code, log } = await desk.load();
      expect(code, log).toBe(EXIT.error);
      expect((await desk.diagnose()).map(({ sentence }) => sentence)).toEqual([
        "The disk of the server is full (0 MiB of 200 MiB are free); docker system df -v shows what takes the room that has to be made before the next load",
      ]);
      await desk.server.sh("rm /var/lib/clickhouse/filler");
      await loadWell(desk);
      expect(await desk.diagnose()).toEqual([]);
    } finally {
      await desk.stop();
    }
  });
});
