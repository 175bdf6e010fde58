import { Command, InvalidArgumentError } from "commander";
import { UsageError } from "../core/errors";
import { databaseSettings } from "../core/settings";
import { readEnvironment, runProgram, type CommonFlags, type Program } from "../pipeline/program";
import { checkProbeFlags, probeErrand, withProbeFlags, type ProbeFlags } from "../pipeline/probe";
import type { PreparedRun } from "../pipeline/run";
import { listClient } from "./api";
import { apiClient, type QticketsClient } from "./client";
import { fixtureClient } from "./fixtures";
import { qticketsHttp } from "./http";
import { Listings } from "./listing";
import { load } from "./load";
import { qticketsProbe } from "./probe/probe";
import { readSettings, settingsSchema, type Settings } from "./settings";
import { qtickets } from "./source";
import { TABLES } from "./tables";
import { parseTimestampFlag, type AskedWindow } from "./windows";

export { recompute } from "./recompute";
export { settingsSchema };

interface Flags extends CommonFlags, ProbeFlags {
  chEnv?: string;
  sinceHours?: number;
  since?: string;
  until?: string;
  full: boolean;
  offlineFixturesDir?: string;
}

const program: Program<Flags, Settings, undefined> = {
  job: qtickets.job,
  command: () =>
    withProbeFlags(
      new Command(qtickets.job)
        .description("Loads orders, events and seat counters from the Qtickets API into ClickHouse.")
        .option(
          "--ch-env <path>",
          "a second file like --envfile, usually with the CLICKHOUSE_ settings; wins over the first",
        )
        .option(
          "--since-hours <n>",
          "length of the normal window in hours; wins over QTICKETS_SINCE_HOURS",
          parseHours,
        )
        .option("--since <time>", "read orders paid from this day or time on, whatever was read before")
        .option("--until <time>", "… and paid before this day or time")
        .option("--full", "read every order again, without a window", false)
        .option(
          "--offline-fixtures-dir <path>",
          "read events.json and orders.json from a folder instead of the API",
        ),
    ),
  readInput: ({ envfile, chEnv }) => ({ environment: readEnvironment([envfile, chEnv]), input: undefined }),
  schema: settingsSchema,
  readSettings,
  prepare: ({ flags, settings, now }) => prepare(settings, readAsked(flags, now), flags.offlineFixturesDir),
  errand: ({ flags, settings }) => {
    checkProbeFlags(flags, settings);
    return flags.probe ? probeErrand(qticketsProbe(settings), flags) : undefined;
  },
};

/** The loader of Qtickets. Answers the exit code and never throws. */
export function main(argv: readonly string[]): Promise<number> {
  return runProgram(program, argv);
}

/** Counters of the journal, with their titles in a dry run's summary. What is never requested stays at 0. */
const COUNTERS: readonly (readonly [name: string, title?: string])[] = [
  ["events", "Events"],
  ["orders", "Orders"],
  ["sales_rows", "Sales rows"],
  ["inventory_rows", "Inventory shows processed"],
  ["sales_daily_rows"],
  ["sales_utm_daily_rows", "Sales by UTM rows"],
  ["clients_rows", "Clients rows"],
  ["price_shades_rows", "Price shades rows"],
  ["discounts_rows", "Discounts rows"],
  ["promo_code_rows", "Promo codes rows"],
  ["barcode_rows", "Barcode rows"],
  ["partner_ticket_rows", "Partner ticket rows"],
];

/**
 * A run with these settings.
 * @param fixtures folder that is read instead of the API; files that are missing are told at once
 */
export function prepare(settings: Settings, asked: AskedWindow, fixtures?: string): PreparedRun {
  const files = fixtures === undefined ? undefined : fixtureClient(fixtures);
  return {
    job: settings.JOB_NAME,
    seconds: settings.QTICKETS_RUN_SECONDS,
    secondsSetting: "QTICKETS_RUN_SECONDS",
    tables: TABLES,
    counters: COUNTERS.map(([name]) => name),
    rehearse: (log, reason) => {
      log.info(`QTickets API client running in stub mode (${reason}): no request will be sent.`);
      const { host, port } = databaseSettings(settings);
      const from = fixtures ?? settings.QTICKETS_BASE_URL;
      const seats = settings.QTICKETS_SKIP_INVENTORY ? "" : " and seats";
      return {
        figures: COUNTERS.flatMap(([, title]) => (title === undefined ? [] : [[title, 0] as const])),
        wouldDo:
          `A real run would read events, orders${seats} from ${from}, and write to database ` +
          `${settings.CLICKHOUSE_DB} of ClickHouse at ${host}:${port} as ${settings.CLICKHOUSE_USER}.`,
      };
    },
    load: async (context, dataSets) => {
      const run = (client: QticketsClient) => load({ ...context, settings }, dataSets, client, asked);
      if (files !== undefined) return { ...(await run(files)), requests: 0 };
      const { deadline, signal, clock, log, stopwatch } = context;
      const http = qticketsHttp({ deadline, signal, clock, log }, settings, {
        stopwatch,
        concurrency: settings.QTICKETS_CONCURRENCY,
      });
      try {
        const listings = new Listings(settings.QTICKETS_CONCURRENCY, log);
        const metrics = await run(apiClient(listClient(http), listings));
        return { ...metrics, requests: http.requests };
      } finally {
        await http.close();
      }
    },
  };
}

function parseHours(text: string): number {
  if (!/^\d{1,7}$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError("it must be an integer of 1 or more");
  return Number(text);
}

function readAsked(flags: Flags, now: number): AskedWindow {
  const { full, sinceHours } = flags;
  if (full && (flags.since !== undefined || flags.until !== undefined || sinceHours !== undefined)) {
    throw new UsageError("--full reads everything: leave out --since, --until and --since-hours");
  }
  if (sinceHours !== undefined && flags.since !== undefined) {
    throw new UsageError("--since and --since-hours exclude each other");
  }
  const since = flags.since === undefined ? undefined : parseTimestampFlag(flags.since, "--since");
  const until = flags.until === undefined ? undefined : parseTimestampFlag(flags.until, "--until");
  if (since !== undefined && since >= Math.min(until ?? now, now)) {
    throw new UsageError("--since must be before --until and before now");
  }
  return { sinceHours, since, until, full };
}
