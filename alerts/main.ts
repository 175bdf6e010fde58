import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
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

const OPTIONS = {
  every: { type: "string", default: "60s" },
  settings: { type: "string", default: PATHS.settings },
  state: { type: "string", default: PATHS.state },
  health: { type: "string", default: PATHS.health },
} as const;

type Flags = Record<keyof typeof OPTIONS, string>;

/** The settings as they stand in the file; undefined: it is not there yet. Of what it says nothing is logged. */
function readSettings(path: string): { text: string; settings: AlerterSettings } | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = alerterSettings.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`${path} is not a file of settings of the alerts`);
  return { text, settings: parsed.data };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error would quote the text.
    return undefined;
  }
}

/** Watches until it is told to stop. Each round goes by the settings as they are then. */
async function watch({ every, settings: path, state, health }: Flags): Promise<number> {
  const log = createLog({ name: "alerts", level: "INFO", format: "text" });
  let now: { text: string; warehouse: Warehouse; alerts: Watch } | undefined;

  const round = async (): Promise<void> => {
    const read = readSettings(path);
    if (read === undefined) {
      log.info("Waits for its settings");
      return;
    }
    if (read.text !== now?.text) {
      await now?.warehouse.close();
      const { settings, text } = read;
      const channels = openChannels(settings.channels);
      const warehouse = new Warehouse(settings.warehouse, { request_timeout: QUESTION_TIMEOUT_MS });
      const alerts = new Watch({
        ...{ settings, warehouse, channels, log },
        ...{ file: new StateFile(state), clock: systemClock },
      });
      now = { text, warehouse, alerts };
      log.info(`Watches every ${every}; channels: ${[...channels.keys()].join(", ")}`);
    }
    await now.alerts.round();
    // A round a minute is so little that the garbage of an hour would lie about before anybody collected it.
    globalThis.gc?.();
  };

  await runSchedule({
    name: "alerts",
    timetable: parseTimetable(`every ${every}`),
    jitter: 0,
    timeout: ROUND_TIMEOUT_MS,
    settle: 0,
    run: () => round().then(() => "ok"),
    stop: stopSignal(),
    // A round that was missed while nobody watched need not be made up for.
    state: { read: () => undefined, write: () => undefined },
    health: healthFile(health),
    clock: systemClock,
    // The schedule's own log would say each minute that it has come.
    log: createLog({ name: "alerts", level: "WARNING", format: "text" }),
  });
  await now?.warehouse.close();
  return EXIT.ok;
}

/** Sends a test by every channel and writes a row; says what became of each. */
async function test({ settings: path }: Flags): Promise<number> {
  const settings = readSettings(path)?.settings;
  if (settings === undefined) {
    process.stderr.write(`error: there is no ${path}: pulumi up writes it\n`);
    return EXIT.error;
  }
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

const PROGRAMS: Readonly<Record<string, (flags: Flags) => Promise<number>>> = { watch, test };

/** `watch`, or `test`. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const program = PROGRAMS[positionals[0] ?? ""];
  if (program !== undefined) return program(values);
  process.stderr.write("error: the alerts `watch` or send a `test`\n");
  return EXIT.usage;
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => process.exit(code));
