import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { EXIT } from "../exit-codes";
import { systemClock } from "../loaders/core/clock";
import { createLog } from "../loaders/core/log";
import { healthFile } from "../schedule/health";
import { runSchedule, stopSignal } from "../schedule/schedule";
import { parseTimetable } from "../schedule/timetable";
import { Warehouse, withWarehouse } from "../warehouse/client";
import { Failure } from "../warehouse/failure";
import { openChannels } from "./channels/open";
import { SendFailure } from "./channels/send";
import { testRow, writeRows } from "./journal";
import { testMessage } from "./messages";
import { alerterSettings, PATHS, type AlerterSettings } from "./settings";
import { StateFile } from "./state";
import { Watch } from "./watch";

/** Longer than the longest question that a rule asks; a round that hangs is ended, and the next one begins. */
const QUESTION_TIMEOUT_MS = 65_000;
const ROUND_TIMEOUT_MS = 900_000;

/** Secrets are in the file alone; of what it says nothing is logged. */
function readSettings(): AlerterSettings {
  const path = process.env["ZAKAZ_ALERTS_FILE"] ?? PATHS.settings;
  return alerterSettings.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** Watches until it is told to stop. */
async function watch(settings: AlerterSettings): Promise<number> {
  const log = createLog({ name: "alerts", level: "INFO", format: "text" });
  // The schedule's own log would say each minute that it has come.
  const quiet = createLog({ name: "alerts", level: "WARNING", format: "text" });
  const { everySeconds } = settings.settings;
  const channels = openChannels(settings.channels);
  log.info(`Watches every ${everySeconds} s; channels: ${[...channels.keys()].join(", ")}`);
  await withWarehouse(
    new Warehouse(settings.warehouse, { request_timeout: QUESTION_TIMEOUT_MS }),
    async (warehouse) => {
      const file = new StateFile(process.env["ZAKAZ_ALERTS_STATE"] ?? PATHS.state);
      const alerts = new Watch({ settings, warehouse, channels, file, clock: systemClock, log });
      await runSchedule({
        name: "alerts",
        timetable: parseTimetable(`every ${everySeconds}s`),
        jitter: 0,
        timeout: ROUND_TIMEOUT_MS,
        settle: 0,
        run: () => alerts.round().then(() => "ok"),
        stop: stopSignal(),
        // A round that was missed while nobody watched need not be made up for.
        state: { read: () => undefined, write: () => undefined },
        health: healthFile(process.env["ZAKAZ_ALERTS_HEALTH"] ?? PATHS.health),
        clock: systemClock,
        log: quiet,
      });
    },
  );
  return EXIT.ok;
}

/** Sends a test by every channel and writes a row; says what became of each. */
async function test(settings: AlerterSettings): Promise<number> {
  const id = randomUUID();
  const at = Date.now();
  const sent: boolean[] = [];
  for (const [name, send] of openChannels(settings.channels)) {
    try {
      await send(testMessage(settings.stack, name, id, at));
      process.stdout.write(`${name}: sent\n`);
      sent.push(true);
    } catch (error) {
      if (!(error instanceof SendFailure)) throw error;
      process.stdout.write(`${name}: failed (${error.message})\n`);
      sent.push(false);
    }
  }
  const arrived = sent.filter(Boolean).length;
  const sentence = `Test: ${arrived} of ${sent.length} channels took the message.`;
  const written = await withWarehouse(
    new Warehouse(settings.warehouse, { request_timeout: 10_000 }),
    (warehouse) => writeRows(warehouse, [testRow(id, at, sentence)]).then(() => true),
  ).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    return false;
  });
  process.stdout.write(`meta.etl_alerts: ${written ? "written" : "failed"}\n`);
  if (arrived === sent.length && written) return EXIT.ok;
  return arrived > 0 ? EXIT.partial : EXIT.error;
}

/** `test`, or without an argument the watch itself. */
function main([what]: readonly string[]): Promise<number> {
  if (what === undefined) return watch(readSettings());
  if (what === "test") return test(readSettings());
  process.stderr.write("error: the alerts take no argument, or `test`\n");
  return Promise.resolve(EXIT.usage);
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => process.exit(code));
