import { Command } from "commander";
import { EXIT } from "../../exit-codes";
import { daysBefore, parseDayFlag, type Days } from "../core/days";
import { UsageError } from "../core/errors";
import { databaseSettings } from "../core/settings";
import { readEnvironment, runProgram, type CommonFlags, type Program } from "../pipeline/program";
import { checkProbeFlags, probeErrand, withProbeFlags, type ProbeFlags } from "../pipeline/probe";
import type { PreparedRun } from "../pipeline/run";
import type { Account } from "./accounts";
import { load, type Asked } from "./load";
import { vkProbe } from "./probe/probe";
import { readSettings, settingsSchema, type Settings } from "./settings";
import { vkAds } from "./source";
import { TABLES } from "./tables";
import { deleteTokens } from "./v2/delete-tokens";
import { chooseDays } from "./windows";

export { recompute } from "./recompute";
export { settingsSchema };

interface Flags extends CommonFlags, ProbeFlags {
  from?: string;
  to?: string;
  accounts?: string;
  campaigns?: string;
  deleteTokens?: string;
}

const program: Program<Flags, Settings, undefined> = {
  job: vkAds.job,
  command: () =>
    withProbeFlags(
      new Command(vkAds.job)
        .description("Loads what the ads of VK cost and brought, by day, into ClickHouse.")
        .option("--from <day>", "first day that is read (default: VK_DAYS_BACK days up to --to)")
        .option("--to <day>", "last day that is read (default: yesterday)")
        .option("--accounts <ids>", "only these accounts of VK_ACCOUNTS, separated by commas")
        .option("--campaigns <ids>", "only these campaigns, separated by commas; wins over VK_CAMPAIGN_IDS")
        .option(
          "--delete-tokens <account>",
          "remove all tokens of the account's client at VK, those of other programs too, and end",
        ),
    ),
  readInput: ({ envfile }) => ({ environment: readEnvironment([envfile]), input: undefined }),
  schema: settingsSchema,
  readSettings,
  prepare: ({ flags, settings, now }) => prepare(settings, readAsked(flags, settings, now)),
  errand: ({ flags, settings }) => {
    checkProbeFlags(flags, settings);
    if (flags.probe) return probeErrand(vkProbe(settings), flags);
    const { deleteTokens: id } = flags;
    if (id === undefined) return undefined;
    if (flags.dryRun || settings.DRY_RUN) {
      throw new UsageError("--delete-tokens cannot be tried out: leave out --dry-run and DRY_RUN=true");
    }
    const [account, ...others] = pickAccounts(settings.VK_ACCOUNTS, id);
    if (account === undefined || others.length > 0) throw new UsageError("--delete-tokens takes one account");
    return async (context) => {
      await deleteTokens(context, settings, account);
      return EXIT.ok;
    };
  },
};

/** The loader of VK Ads. Answers the exit code and never throws. */
export function main(argv: readonly string[]): Promise<number> {
  return runProgram(program, argv);
}

/** Counters of the journal. */
export const COUNTERS = [
  "ads",
  "stat_rows",
  "withdrawn_rows",
  "fact_rows",
  "ads_with_city",
  "ads_without_city",
  "unknown_ads",
] as const;

/** A run with these settings. */
export function prepare(settings: Settings, asked: Asked): PreparedRun {
  return {
    job: vkAds.job,
    seconds: settings.VK_RUN_SECONDS,
    secondsSetting: "VK_RUN_SECONDS",
    tables: TABLES,
    counters: COUNTERS,
    rehearse: () => {
      const { host, port } = databaseSettings(settings);
      const { days, accounts } = asked;
      return {
        figures: [["Accounts", accounts.length], ...COUNTERS.map((name) => [name, 0] as const)],
        wouldDo:
          `A real run would read the statistics of ${days.from} to ${days.to}, and write to database ` +
          `${settings.CLICKHOUSE_DB} of ClickHouse at ${host}:${port} as ${settings.CLICKHOUSE_USER}.`,
      };
    },
    load: (context, dataSets) => load({ ...context, settings }, dataSets, asked),
  };
}

/** What a run with these flags reads. Throws `UsageError` for flags that make no sense. */
export function readAsked(
  flags: Pick<Flags, "from" | "to" | "accounts" | "campaigns">,
  settings: Settings,
  now: number,
): Asked {
  const asked: Partial<Days> = {
    ...(flags.from === undefined ? {} : { from: parseDayFlag(flags.from, "--from") }),
    ...(flags.to === undefined ? {} : { to: parseDayFlag(flags.to, "--to") }),
  };
  const campaigns =
    flags.campaigns === undefined ? settings.VK_CAMPAIGN_IDS : listOf(flags.campaigns, "--campaigns");
  const days = chooseDays(asked, settings.VK_DAYS_BACK, now);
  const isWhole = campaigns.includes("*") && flags.accounts === undefined;
  return {
    days,
    accounts:
      flags.accounts === undefined
        ? settings.VK_ACCOUNTS
        : pickAccounts(settings.VK_ACCOUNTS, flags.accounts),
    ...(campaigns.includes("*") ? {} : { campaigns: new Set(campaigns) }),
    advances: isWhole && days.to === daysBefore(now, 1),
  };
}

function listOf(text: string, flag: string): string[] {
  const ids = text.split(",").map((one) => one.trim());
  if (ids.some((id) => id !== "*" && !/^\d{1,20}$/.test(id))) {
    throw new UsageError(`${flag} must be ids separated by commas`);
  }
  return ids;
}

function pickAccounts(accounts: readonly Account[], ids: string): Account[] {
  return [...new Set(listOf(ids, "the list of accounts"))].map((id) => {
    const found = accounts.find(({ account }) => account === id);
    if (found !== undefined) return found;
    const known = accounts.map(({ account }) => account).join(", ");
    throw new UsageError(`VK_ACCOUNTS has no account ${id}; it has ${known}`);
  });
}
