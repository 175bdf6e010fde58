import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { alertSettings, type AlerterSettings, type Channel } from "../../../alerts/settings";
import { prepareImage, recipes, ROOT } from "../../../images";
import { reservePort } from "../../support/ports";
import { startServer, type Server } from "../../support/server";
import { installWarehouse, type ServerWarehouse } from "../sql/server-warehouse";
import {
  HOOK_SECRET,
  LOGIN,
  startMailReceiver,
  startReceivers,
  TELEGRAM_TOKEN,
  type Receivers,
} from "../../support/receivers";

/**
 * The program as it is in the image: the bundle with its file of settings, killed and started again.
 * Not proved here: its container (test/e2e/no-leak.test.ts).
 */
const BUNDLE = join(ROOT, "loaders/dist/alerts.js");
const folder = mkdtempSync(join(tmpdir(), "zt-alerts-"));
const health = join(folder, "health");
const said: string[] = [];

let server: Server;
let db: ServerWarehouse<Server>;
let receivers: Receivers;
const running: ChildProcess[] = [];

const file = join(folder, "alerts.json");

function writeSettings(channels: Channel[] = receivers.channels): void {
  const settings: AlerterSettings = {
    stack: "test",
    warehouse: { url: server.httpUrl, user: "zakaz_monitor", password: db.password("zakaz_monitor") },
    settings: alertSettings.parse({
      enabled: true,
      rules: { server: { seconds: 0 }, disk: { on: false } },
    }),
    channels,
    sources: [],
    schedules: [],
  };
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
}

function start(program: "watch" | "test", env: object = {}): ChildProcess {
  const flags = ["--settings", file, "--state", folder, "--health", health, "--every", "5s"];
  const child = spawn(process.execPath, [BUNDLE, program, ...flags], {
    env: { PATH: process.env["PATH"], ...env },
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  running.push(child);
  return child;
}

/** Ends a process and waits for it; answers its exit code. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill(signal);
  return ((await ended) as [number | null])[0];
}

async function test(channels?: Channel[], env?: object): Promise<{ code: number; stdout: string }> {
  writeSettings(channels);
  const child = start("test", env);
  const [stdout, ended] = await Promise.all([text(child.stdout!), once(child, "exit")]);
  return { code: ended[0] as number, stdout };
}

/** Messages that are still to be sent. */
const unsent = () =>
  (JSON.parse(readFileSync(join(folder, "state.json"), "utf8")) as { outbox: { letters: unknown[] } }).outbox
    .letters.length;

const kinds = () =>
  receivers.webhook.letters.map(({ body }) => {
    const { kind, rule } = JSON.parse(body) as Record<string, string>;
    return `${kind} ${rule ?? ""}`.trim();
  });

beforeAll(async () => {
  await prepareImage(recipes.loader);
  server = await startServer({ ports: { http: await reservePort(), native: await reservePort() } });
  db = await installWarehouse(server);
  receivers = await startReceivers();
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await receivers?.close();
  await db?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("tells once of a server that is away while the alerts are killed and started again, and once that it is back", async () => {
  const first = start("watch");
  // The stack writes the settings when the container runs.
  await expect.poll(() => said.join(""), { timeout: 60_000 }).toContain("Waits for its settings");
  writeSettings();
  await expect.poll(() => said.join(""), { timeout: 60_000 }).toContain("channels: webhook, smtp, telegram");
  await expect
    .poll(() => existsSync(health) && readFileSync(health, "utf8"), { timeout: 60_000 })
    .toMatch(/^ok: /);
  await server.kill("SIGTERM");
  await expect.poll(kinds, { timeout: 60_000 }).toEqual(["alert server"]);
  // A kill between a message and the note that it was sent would send it twice.
  await expect.poll(unsent, { timeout: 60_000 }).toBe(0);
  await end(first, "SIGKILL");
  expect(statSync(join(folder, "state.json")).mode & 0o777).toBe(0o600);

  rmSync(health);
  const second = start("watch");
  // One round of it has ended.
  await expect
    .poll(() => existsSync(health) && readFileSync(health, "utf8"), { timeout: 60_000 })
    .toMatch(/ ended ok/);
  expect(kinds()).toEqual(["alert server"]);
  await server.start();
  await expect.poll(kinds, { timeout: 60_000 }).toEqual(["alert server", "recovered server"]);
  const rows = () =>
    server.sql<{ severity: string }>(
      "SELECT severity FROM meta.etl_alerts FINAL WHERE code = 'server' ORDER BY _ver",
    );
  await expect.poll(rows, { timeout: 60_000 }).toEqual([{ severity: "error" }, { severity: "info" }]);
  for (const one of [receivers.smtp, receivers.telegram]) {
    await expect.poll(() => one.letters.length, { timeout: 60_000 }).toBe(2);
  }
  expect(await end(second, "SIGTERM")).toBe(0);
});

it("sends a test by every channel on request, and writes a row", async () => {
  for (const one of [receivers.webhook, receivers.smtp, receivers.telegram]) one.letters.length = 0;
  const { code, stdout } = await test();
  expect(stdout).toBe("webhook: sent\nsmtp: sent\ntelegram: sent\nmeta.etl_alerts: written\n");
  expect(code).toBe(0);
  expect(kinds()).toEqual(["test"]);
  expect(receivers.webhook.letters[0]?.path).toBe(`/${HOOK_SECRET}`);
  expect(receivers.smtp.letters[0]?.subject).toBe("[zakaz test] test of the alerts");
  expect(receivers.smtp.letters[0]?.body).toContain("alerts of stack test arrive by the channel smtp.");
  expect(receivers.telegram.letters[0]?.path).toBe(`/bot${TELEGRAM_TOKEN}/sendMessage`);
  expect(JSON.parse(receivers.telegram.letters[0]!.body)).toMatchObject({ chat_id: "-100123" });
  const rows = await server.sql(
    "SELECT severity, job, code, message FROM meta.etl_alerts FINAL WHERE code = 'test'",
  );
  expect(rows).toEqual([
    { severity: "info", job: "alerts", code: "test", message: "Test: 3 of 3 channels took the message." },
  ]);
});

it("says which channel did not take a test, and why, without its address or what the other side said", async () => {
  const [, mail, bot] = receivers.channels as [Channel, Extract<Channel, { kind: "smtp" }>, Channel];
  receivers.telegram.broken = true;
  const nobody: Channel = {
    kind: "webhook",
    url: `http://127.0.0.1:${await reservePort()}/${HOOK_SECRET}`,
    plainHttp: true,
  };
  const wrong: Channel = { ...mail, password: "secret-of-nobody" };
  const { code, stdout } = await test([nobody, wrong, bot, { ...mail, name: "second" }]);
  receivers.telegram.broken = false;
  expect(stdout).toBe(
    "webhook: failed (ECONNREFUSED)\nsmtp: failed (EAUTH 535)\ntelegram: failed (HTTP 500)\nsecond: sent\nmeta.etl_alerts: written\n",
  );
  expect(code).toBe(3);
});

it("sends by an encrypted connection to a server that it can trust, and to no other", async () => {
  const files = { key: join(folder, "tls", "key.pem"), cert: join(folder, "tls", "cert.pem") };
  mkdirSync(join(folder, "tls"));
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      ...subject,
      "-keyout",
      files.key,
      "-out",
      files.cert,
    ],
    {
      stdio: "ignore",
    },
  );
  const encrypted = await startMailReceiver({
    key: readFileSync(files.key, "utf8"),
    cert: readFileSync(files.cert, "utf8"),
  });
  try {
    const mail = receivers.channels[1] as Extract<Channel, { kind: "smtp" }>;
    const starttls: Channel = { ...mail, port: encrypted.port, security: "starttls" };
    expect((await test([starttls])).stdout).toContain("smtp: failed (");
    // A server that cannot encrypt gets neither the login nor the message.
    expect((await test([{ ...mail, security: "starttls" }])).stdout).toContain("smtp: failed (ETLS");
    expect(encrypted.letters).toEqual([]);
    const { code, stdout } = await test([starttls], { NODE_EXTRA_CA_CERTS: files.cert });
    expect(stdout).toBe("smtp: sent\nmeta.etl_alerts: written\n");
    expect(code).toBe(0);
    expect(encrypted.letters).toHaveLength(1);
  } finally {
    await encrypted.close();
  }
});

it("has printed nothing secret", () => {
  const all = said.join("");
  // A server that is being stopped may still refuse a question, or let it wait.
  expect(all).toMatch(/alert: server clickhouse: ClickHouse (does not answer|refuses|gives no answer)/);
  for (const secret of [
    HOOK_SECRET,
    LOGIN.password,
    TELEGRAM_TOKEN,
    db.password("zakaz_monitor"),
    "secret-of-nobody",
  ]) {
    expect(all).not.toContain(secret);
  }
});
