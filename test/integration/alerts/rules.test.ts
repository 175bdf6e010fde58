import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChannels } from "../../../alerts/channels/open";
import { alertSettings, type AlerterSettings } from "../../../alerts/settings";
import { StateFile } from "../../../alerts/state";
import { Watch } from "../../../alerts/watch";
import { systemClock } from "../../../loaders/core/clock";
import { createLog } from "../../../loaders/core/log";
import { Warehouse } from "../../../warehouse/client";
import { reservePort } from "../../support/ports";
import { startServer, type Server } from "../../support/server";
import { installWarehouse, type ServerWarehouse } from "../sql/server-warehouse";
import { HOOK_SECRET, LOGIN, startReceivers, TELEGRAM_TOKEN, type Receivers } from "../../support/receivers";

/**
 * Every rule on a real server, by every channel: what is planted is told once, its end once.
 * Not proved here: that the stack starts the container (test/unit/components, test/e2e/no-leak.test.ts).
 */
const HOUR = 3_600_000;
/** What a journal may hold, and no message. */
const PERSONAL = "Ivan Petrov ivan@buyer.example +79990000000";

let server: Server;
let db: ServerWarehouse<Server>;
let receivers: Receivers;
let warehouse: Warehouse;
const folder = mkdtempSync(join(tmpdir(), "zt-alerts-"));
const lines: string[] = [];
const log = createLog({ name: "alerts", level: "INFO", format: "text", write: (line) => lines.push(line) });

/** The alerts' clock: that of the server, moved. */
let moved = 0;
const clock = { ...systemClock, now: () => Date.now() + moved, random: () => 0.5 };

const SOURCES = [
  { job: "qtickets_api", freshHours: 2 },
  { job: "vk_ads", freshHours: 26 },
];

/** Alerts with these limits; the state is what the last ones left. */
function watchWith(rules: object, more: Partial<AlerterSettings> = {}): Watch {
  const settings: AlerterSettings = {
    stack: "test",
    warehouse: warehouse.target,
    settings: alertSettings.parse({
      enabled: true,
      cooldownMinutes: 0,
      rules: { server: { seconds: 0 }, disk: { on: false }, reader: { everyMinutes: 1 }, ...rules },
    }),
    channels: receivers.channels,
    sources: SOURCES,
    schedules: [],
    ...more,
  };
  const channels = openChannels(settings.channels);
  return new Watch({ settings, warehouse, channels, file: new StateFile(folder), clock, log });
}

/** Writes a run that began so long ago; the newest decides. */
async function run(job: string, status: string, hoursAgo: number, message: object = {}): Promise<void> {
  const at = Math.floor((Date.now() - hoursAgo * HOUR) / 1000);
  await server.sql(
    `INSERT INTO zakaz.meta_job_runs (job, started_at, finished_at, status, rows_processed, message)
SELECT '${job}', toDateTime(${at}), toDateTime(${at}), '${status}', 100, '${JSON.stringify({ buyer: PERSONAL, ...message })}'`,
  );
}

async function backup(status: string, hoursAgo: number): Promise<void> {
  const at = Math.floor((Date.now() - hoursAgo * HOUR) / 1000);
  await server.sql(
    `INSERT INTO meta.backup_runs (ts, backup_name, status) SELECT toDateTime(${at}), 'b${at}', '${status}'`,
  );
}

/** What the channels have got since the last call: by channel, the subjects of mails or their like. */
function received(): Record<string, string[]> {
  const kinds = (body: string) => {
    const { kind, rule, subject } = JSON.parse(body) as Record<string, string>;
    return `${kind} ${rule} ${subject}`;
  };
  const got = {
    webhook: receivers.webhook.letters.map(({ body }) => kinds(body)),
    smtp: receivers.smtp.letters.map(({ subject = "" }) =>
      subject
        .replace("[zakaz test] ", "")
        .replace(/^(?:error|warning):/, "alert")
        .replace("recovered:", "recovered"),
    ),
    telegram: receivers.telegram.letters.map(
      ({ body }) => (JSON.parse(body) as { text: string }).text.split(" on ")[0]!,
    ),
  };
  texts.push(
    ...[receivers.webhook, receivers.smtp, receivers.telegram].flatMap(({ letters }) =>
      letters.map(({ body }) => body),
    ),
  );
  for (const one of [receivers.webhook, receivers.smtp, receivers.telegram]) one.letters.length = 0;
  return got;
}
const texts: string[] = [];

const NOTHING = { webhook: [], smtp: [], telegram: [] };
const everywhere = (kind: "alert" | "recovered", about: string, word: string) => ({
  webhook: [`${kind} ${about}`],
  smtp: [`${kind} ${about}`],
  telegram: [word],
});

interface Row {
  id: string;
  severity: string;
  job: string;
  code: string;
  message: string;
}

/** Rows of the alerts in the table: incident by incident, the alert before its end. */
const rows = () =>
  server.sql<Row>(
    `SELECT toString(alert_id) AS id, severity, job, code, message FROM meta.etl_alerts FINAL
WHERE JSONHas(context_json, 'incident') ORDER BY min(_loaded_at) OVER (PARTITION BY alert_id), alert_id, _ver`,
  );

/** Rows of incidents that were not there before. */
async function rowsSince(before: Row[]): Promise<Row[]> {
  const known = new Set(before.map(({ id }) => id));
  return (await rows()).filter(({ id }) => !known.has(id));
}

interface Case {
  rule: string;
  subject: string;
  /** First word of the alert to people. */
  word: "ERROR" | "WARNING";
  sentence: RegExp;
  plant: () => Promise<unknown>;
  /** Makes it good; answers rules that are other ones from now on. */
  mend: () => Promise<unknown>;
  rules?: object;
  mendedRules?: object;
  settings?: Partial<AlerterSettings>;
  /** Hours by which the alerts' clock goes on after a first look. */
  later?: number;
}

const CASES: Case[] = [
  {
    rule: "failedRun",
    subject: "vk_ads",
    word: "ERROR",
    sentence: /^The last run of vk_ads failed\.$/,
    plant: () => run("vk_ads", "error", 0.5),
    mend: () => run("vk_ads", "ok", 0.1),
  },
  {
    rule: "failedRun",
    subject: "qtickets_api",
    word: "WARNING",
    sentence: /^The last run of qtickets_api was partial: something was left out\.$/,
    plant: () => run("qtickets_api", "partial", 0.09),
    mend: () => run("qtickets_api", "ok", 0.08),
  },
  {
    rule: "quarantine",
    subject: "qtickets_api",
    word: "WARNING",
    sentence: /^The last run of qtickets_api put 25 rows aside and wrote 100 \(20 %\); the limit is 1 %\.$/,
    plant: () =>
      run("qtickets_api", "ok", 0.07, { quarantined: { "orders: no id": 20, [`orders: ${PERSONAL}`]: 5 } }),
    mend: () => run("qtickets_api", "ok", 0.06, { quarantined: { "orders: no id": 2 } }),
  },
  {
    rule: "sourceBehind",
    subject: "qtickets_api",
    word: "ERROR",
    sentence: /^The last good run of qtickets_api ended 3\.1 hours ago; its limit is 2\.$/,
    plant: () => {
      moved += 3 * HOUR;
      return Promise.resolve();
    },
    mend: () => {
      moved -= 3 * HOUR;
      return Promise.resolve();
    },
  },
  {
    rule: "missedRun",
    subject: "qtickets_api",
    word: "ERROR",
    sentence:
      /^No run of qtickets_api was begun at 20\d\d-.* Moscow time, nor at the next time it was due \(every 30m\); the last began 20\d\d-.* Moscow time\.$/,
    rules: { sourceBehind: { on: false } },
    settings: { schedules: [{ job: "qtickets_api", timetable: "every 30m", longestSeconds: 600 }] },
    plant: () => Promise.resolve(),
    later: 2,
    mend: () => run("qtickets_api", "ok", -2),
  },
  {
    rule: "disk",
    subject: "backups, default",
    word: "ERROR",
    sentence: /^[\d.]+ % of the server's disk \(backups, default\) are free; the limit is 100 %\.$/,
    rules: { disk: { freePercent: 100 } },
    plant: () => Promise.resolve(),
    mend: () => Promise.resolve(),
    mendedRules: { disk: { freePercent: 0.001 } },
  },
  {
    rule: "reader",
    subject: "datalens",
    word: "ERROR",
    sentence: /^DataLens gets no answer from bi\.v_sales_daily \(code 497\)/,
    plant: () => server.client(["-q", "REVOKE SELECT ON zakaz.dim_events FROM zakaz_definer"]),
    mend: () => db.install(),
  },
  {
    rule: "backup",
    subject: "backup",
    word: "ERROR",
    sentence: /^The newest good backup is 40 hours old; the limit is 30 hours\.$/,
    plant: async () => {
      await backup("ok", 40);
      await backup("error", 1);
    },
    mend: () => backup("ok", 0.5),
  },
  {
    rule: "blind",
    subject: "backup",
    word: "WARNING",
    sentence:
      /^The alerts cannot see how old the newest backup is: ClickHouse refuses the question with code 497\.$/,
    plant: () => server.client(["-q", "REVOKE SELECT ON meta.backup_runs FROM role_monitor"]),
    later: 0.1,
    mend: () => server.client(["-q", "GRANT SELECT ON meta.backup_runs TO role_monitor"]),
  },
];

beforeAll(async () => {
  server = await startServer({ ports: { http: await reservePort(), native: await reservePort() } });
  db = await installWarehouse(server);
  receivers = await startReceivers();
  warehouse = new Warehouse({
    url: server.httpUrl,
    user: "zakaz_monitor",
    password: db.password("zakaz_monitor"),
  });
  await run("qtickets_api", "ok", 0.1);
  await run("vk_ads", "ok", 1);
});
afterAll(async () => {
  await warehouse?.close();
  await receivers?.close();
  await db?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("alerts on a real server, by webhook, mail and Telegram", () => {
  it("say nothing while all is well", async () => {
    const watch = watchWith({ disk: { on: true, freePercent: 0.001 } });
    await watch.round();
    await watch.round();
    expect(received()).toEqual(NOTHING);
    expect(await rows()).toEqual([]);
  });

  it.each(CASES)("tell once of $rule ($subject), and once of its end", async (one) => {
    const { rule, subject, word, sentence, plant, mend, rules = {}, mendedRules, settings, later } = one;
    const watch = watchWith(rules, settings);
    const before = await rows();
    moved = 0;
    if (later !== undefined && rule !== "blind") await watch.round();
    await plant();
    if (later !== undefined) {
      if (rule === "blind") await watch.round();
      moved += later * HOUR;
    }
    await watch.round();
    expect(received()).toEqual(everywhere("alert", `${rule} ${subject}`, word));
    await watch.round();
    // Nor after a restart.
    await watchWith(rules, settings).round();
    expect(received()).toEqual(NOTHING);

    await mend();
    // The views are not asked in every round.
    if (rule === "reader") moved += HOUR / 30;
    const mended = watchWith(mendedRules ?? rules, settings);
    await mended.round();
    expect(received()).toEqual(everywhere("recovered", `${rule} ${subject}`, "RECOVERED"));
    await mended.round();
    expect(received()).toEqual(NOTHING);

    const written = await rowsSince(before);
    expect(written).toHaveLength(2);
    const [alert, end] = written as [Row, Row];
    expect(alert).toMatchObject({
      severity: word.toLowerCase(),
      job: subject,
      code: rule,
      message: expect.stringMatching(sentence) as string,
    });
    expect(end).toMatchObject({
      id: alert.id,
      severity: "info",
      message: `Recovered. It was: ${alert.message}`,
    });
    moved = 0;
  });

  it("tell once of a server that was stopped, once that it is back, and write both down then", async () => {
    const before = await rows();
    const watch = watchWith({});
    await watch.round();
    await server.kill("SIGTERM");
    await watch.round();
    expect(received()).toEqual(everywhere("alert", "server clickhouse", "ERROR"));
    await watch.round();
    // A restart of the alerts without a server changes nothing.
    const restarted = watchWith({});
    await restarted.round();
    expect(received()).toEqual(NOTHING);

    await server.start();
    await expect
      .poll(
        async () => {
          await restarted.round();
          return received().webhook;
        },
        { timeout: 30_000 },
      )
      .toEqual(["recovered server clickhouse"]);
    const written = await rowsSince(before);
    expect(written.map(({ severity, code, message }) => [severity, code, message])).toEqual([
      ["error", "server", "ClickHouse does not answer."],
      ["info", "server", "Recovered. It was: ClickHouse does not answer."],
    ]);
    expect(new Set(written.map(({ id }) => id)).size).toBe(1);
  });

  it("tell of a server that does not let them in", async () => {
    const before = await rows();
    const own = warehouse;
    const target = { ...own.target, password: "another" };
    warehouse = new Warehouse(target);
    await watchWith({}).round();
    await warehouse.close();
    warehouse = own;
    expect(received()).toEqual(everywhere("alert", "server clickhouse", "ERROR"));
    await watchWith({}).round();
    expect(received()).toEqual(everywhere("recovered", "server clickhouse", "RECOVERED"));
    expect((await rowsSince(before)).map(({ message }) => message)).toEqual([
      "ClickHouse does not let zakaz_monitor in (code 516).",
      "Recovered. It was: ClickHouse does not let zakaz_monitor in (code 516).",
    ]);
  });

  it("go on by the other channels when one fails, tell of it, and bring what was missed in order", async () => {
    const before = await rows();
    const rules = { channel: { failures: 2 } };
    const watch = watchWith(rules);
    receivers.smtp.broken = true;
    await run("vk_ads", "error", 0.05);
    await watch.round();
    expect(received()).toEqual({ ...everywhere("alert", "failedRun vk_ads", "ERROR"), smtp: [] });
    // Its second try fails too, which is told in the round after it.
    moved += 60_000;
    await watch.round();
    await watch.round();
    expect(received()).toEqual({ ...everywhere("alert", "channel smtp", "ERROR"), smtp: [] });
    expect((await rowsSince(before)).map(({ message }) => message)).toContain(
      "Messages by the channel smtp have failed 2 times in a row (EMESSAGE 452).",
    );
    await run("vk_ads", "ok", 0.04);
    await watch.round();
    expect(received()).toEqual({ ...everywhere("recovered", "failedRun vk_ads", "RECOVERED"), smtp: [] });

    receivers.smtp.broken = false;
    moved += HOUR;
    await watch.round();
    expect(received()).toEqual({
      webhook: [],
      telegram: [],
      smtp: ["alert failedRun vk_ads", "alert channel smtp", "recovered failedRun vk_ads"],
    });
    await watch.round();
    expect(received()).toEqual(everywhere("recovered", "channel smtp", "RECOVERED"));
    moved = 0;
  });

  it("know after the loss of their state what the table knows", async () => {
    await run("vk_ads", "error", 0.03);
    await watchWith({}).round();
    expect(received().webhook).toEqual(["alert failedRun vk_ads"]);
    rmSync(join(folder, "state.json"));
    const watch = watchWith({});
    await watch.round();
    expect(received()).toEqual(NOTHING);
    await run("vk_ads", "ok", 0.02);
    await watch.round();
    expect(received()).toEqual(everywhere("recovered", "failedRun vk_ads", "RECOVERED"));
  });

  it("end what a rule has told when that is switched off", async () => {
    await run("vk_ads", "error", 0.015);
    await watchWith({}).round();
    expect(received().webhook).toEqual(["alert failedRun vk_ads"]);
    await watchWith({ failedRun: { on: false } }).round();
    expect(received()).toEqual(everywhere("recovered", "failedRun vk_ads", "RECOVERED"));
    await run("vk_ads", "ok", 0.01);
  });

  it("have said nothing secret or personal, nor logged it, nor written it down", async () => {
    const told = [...texts, ...lines, ...(await rows()).map((row) => JSON.stringify(row))].join("\n");
    expect(texts.length).toBeGreaterThan(60);
    const secrets = [
      HOOK_SECRET,
      LOGIN.password,
      TELEGRAM_TOKEN,
      db.password("zakaz_monitor"),
      "Ivan",
      "buyer",
      "7999",
    ];
    for (const secret of secrets) expect(told).not.toContain(secret);
  });
});
