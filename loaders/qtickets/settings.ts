import { IANAZone } from "luxon";
import { z } from "zod";
import { FORMS, kinds, parseSettings, setting, settingMeta } from "../core/setting";
import { UsageError } from "../core/errors";
import {
  databaseShape,
  dryRunShape,
  identifier,
  leaseShape,
  logShape,
  quarantineShape,
} from "../core/settings";
import { SHORTEST_BARCODE_KEY } from "./source";

const BASE_URL_FORM =
  "an https address such as https://qtickets.ru/api/rest/v1 (http only with QTICKETS_ALLOW_HTTP=true)";

const skip = (what: string, fallback: boolean) =>
  setting(kinds.boolean().default(fallback), { doc: `Leaves out ${what}.`, form: FORMS.boolean });

/** Every setting of the loader, in the order of the sample file. */
export const settingsSchema = z.object({
  QTICKETS_TOKEN: setting(z.string().regex(/^[\x21-\x7e]+$/), {
    doc: "Bearer token of the organiser (seller cabinet, Settings). Any text will do for a dry run.",
    form: "the token of the seller cabinet, without blanks",
    aliases: ["QTICKETS_API_TOKEN"],
    secret: true,
    sample: "placeholder-token",
  }),
  QTICKETS_BASE_URL: setting(
    z
      .string()
      .refine((value) => /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(value) && URL.canParse(value))
      .transform((value) => value.replace(/\/+$/, ""))
      .default("https://qtickets.ru/api/rest/v1"),
    {
      doc: "Address of the API; a slash at the end is removed.",
      form: BASE_URL_FORM,
      aliases: ["QTICKETS_API_BASE_URL"],
    },
  ),
  QTICKETS_ALLOW_HTTP: setting(kinds.boolean().default(false), {
    doc: "Accepts a plain http address. Only for a sandbox.",
    form: FORMS.boolean,
  }),
  QTICKETS_SINCE_HOURS: setting(kinds.integer(1, 1_000_000).default(24), {
    doc: "Length of the normal window in hours.",
    form: "an integer of 1 or more",
    aliases: ["QTICKETS_LOOKBACK_HOURS"],
  }),
  QTICKETS_INITIAL_BACKFILL_HOURS: setting(kinds.integer(0, 1_000_000).default(720), {
    doc: "Length of the first window in hours; 0 switches the backfill off.",
    form: "an integer of 0 or more",
  }),
  QTICKETS_BACKFILL_GUARD_TABLE: setting(identifier().default("meta_job_runs"), {
    doc: "Table that tells whether the job has had an ok run.",
    form: "a plain table name",
  }),
  QTICKETS_SLICE_ORDERS: setting(kinds.integer(1, 10_000_000).default(20_000), {
    doc: "Orders that the first load reads, about, before it makes them visible and notes how far it is; newest days first.",
    form: "an integer of 1 or more",
  }),
  QTICKETS_OVERLAP_MINUTES: setting(kinds.integer(0, 100_000).default(60), {
    doc: "How far before its watermark a window begins, in minutes.",
    form: "an integer of 0 or more",
  }),
  QTICKETS_REREAD_DAYS: setting(kinds.integer(1, 10_000).default(92), {
    doc: "Days that are read again once a day where the API does not honour the filter by change time.",
    form: "an integer of 1 or more",
  }),
  QTICKETS_PAGE_SIZE: setting(kinds.integer(1, 10_000).default(100), {
    doc: "Rows asked for per page; the API may answer with fewer.",
    form: "an integer of 1 or more",
  }),
  QTICKETS_SELECT_FIELDS: setting(kinds.boolean().default(true), {
    doc: "Asks the API for the needed fields only, so that personal data do not leave it.",
    form: FORMS.boolean,
  }),
  QTICKETS_PAYLOADS: setting(kinds.boolean().default(true), {
    doc: "Keeps what the measures of each ticket were computed from (price, quantity, refund; nothing personal) in payload_json for 90 days.",
    form: FORMS.boolean,
  }),
  QTICKETS_RATE_PER_SECOND: setting(kinds.decimal(0, 100_000).default(3), {
    doc: "Requests per second, all together; 0 means without a limit (sandbox).",
    form: "a number of 0 or more",
  }),
  QTICKETS_CONCURRENCY: setting(kinds.integer(1, 64).default(4), {
    doc: "Requests under way at once; QTICKETS_RATE_PER_SECOND holds for all of them together.",
    form: "an integer from 1 to 64",
  }),
  QTICKETS_REQUEST_SECONDS: setting(kinds.decimal(0.1, 3600).default(60), {
    doc: "Deadline of one request in seconds.",
    form: "a number of 0.1 or more",
  }),
  QTICKETS_RUN_SECONDS: setting(kinds.integer(5, 86_400).default(540), {
    doc: "Deadline of the whole run in seconds; keep it below the time between two runs.",
    form: "an integer from 5 to 86400",
  }),
  QTICKETS_QUARANTINE_MAX_SHARE: setting(kinds.decimal(0, 1).default(0.05), {
    doc: "The run fails when a larger ratio of a source's rows cannot be read.",
    form: "a number from 0 to 1",
  }),
  ...quarantineShape,
  QTICKETS_SKIP_INVENTORY: skip("the seat counters", false),
  QTICKETS_SKIP_CLIENTS: skip("buyers; they are never requested, whatever is set", true),
  QTICKETS_SKIP_PRICE_SHADES: skip("the catalogue of price shades", true),
  QTICKETS_SKIP_DISCOUNTS: skip("the catalogue of discounts", true),
  QTICKETS_SKIP_PROMO_CODES: skip("the catalogue of promo codes", true),
  QTICKETS_SKIP_BARCODES: skip("ticket barcodes (kept as keyed hashes only)", true),
  QTICKETS_BARCODE_KEY: setting(z.string().min(SHORTEST_BARCODE_KEY).optional(), {
    doc: "Key of the hashes under which barcodes are kept; without it barcodes are left out. Another key makes other hashes.",
    form: `a secret of ${SHORTEST_BARCODE_KEY} characters or more, such as \`openssl rand -hex 32\` gives`,
    secret: true,
  }),
  QTICKETS_SKIP_PARTNER_TICKETS: skip("partner tickets; they are never requested, whatever is set", true),
  ORG_NAME: setting(kinds.text().default(""), {
    doc: "Label of the organiser in the log. It is never sent: the token decides.",
    form: "a text",
    aliases: ["QTICKETS_ORG_NAME"],
  }),
  QTICKETS_PARTNERS_BASE_URL: setting(kinds.text().default(""), {
    doc: "Partners API: not used.",
    form: "a text",
    aliases: ["QTICKETS_PARTNERS_API_BASE_URL"],
  }),
  QTICKETS_PARTNERS_TOKEN: setting(kinds.text().default(""), {
    doc: "Partners API: not used.",
    form: "a text",
    aliases: ["QTICKETS_PARTNERS_API_TOKEN"],
    secret: true,
  }),
  QTICKETS_PARTNERS_FIND_REQUESTS: setting(
    z
      .string()
      .regex(/^\[\s*\]$/)
      .default("[]"),
    {
      doc: "Partners API: not used, so anything but an empty list is refused.",
      form: "[] (the Partners API is not used)",
      aliases: ["QTICKETS_PARTNERS_FIND_REQUESTS_JSON"],
    },
  ),
  ...databaseShape,
  ...leaseShape,
  TZ: setting(
    z
      .string()
      .refine((zone) => IANAZone.isValidZone(zone))
      .default("Europe/Moscow"),
    {
      doc: "Zone in which filter times are written. Days of sale are Moscow days in any case.",
      form: "a time zone name such as Europe/Moscow",
      aliases: ["DEFAULT_TZ"],
    },
  ),
  REPORT_TZ: setting(kinds.text().default("Europe/Moscow"), {
    doc: "Accepted for older files, without effect.",
    form: "a text",
    aliases: ["QTICKETS_REPORT_TZ"],
  }),
  JOB_NAME: setting(
    z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/)
      .default("qtickets_api"),
    {
      doc: "Name of the job in the journal, the lock and the watermarks.",
      form: "letters, digits, dot, hyphen and underscore, at most 64",
      aliases: ["QTICKETS_JOB_NAME"],
    },
  ),
  DRY_RUN: setting(kinds.boolean().default(false), {
    ...settingMeta(dryRunShape.DRY_RUN),
    aliases: ["QTICKETS_DRY_RUN"],
  }),
  ...logShape,
});

export type Settings = z.infer<typeof settingsSchema>;

/** Names with these beginnings that are no setting are mistakes worth naming. */
const OWN_PREFIXES = ["QTICKETS_", "CLICKHOUSE_"];

/** Reads and checks all settings; everything wrong is named in one `UsageError` without values. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const settings = parseSettings(settingsSchema, environment, OWN_PREFIXES);
  if (settings.QTICKETS_BASE_URL.startsWith("http:") && !settings.QTICKETS_ALLOW_HTTP) {
    throw new UsageError(`Settings are wrong: QTICKETS_BASE_URL must be ${BASE_URL_FORM}.`);
  }
  return settings;
}
