import { z } from "zod";
import { FORMS, kinds, parseSettings, setting } from "../core/setting";
import { commonShape } from "../core/settings";
import { ACCOUNTS_FORM, readAccounts, secretsOf } from "./accounts";

const address = (fallback: string) =>
  z
    .string()
    .refine((value) => /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(value) && URL.canParse(value))
    .transform((value) => value.replace(/\/+$/, ""))
    .default(fallback);

const addressForm = (example: string) =>
  `an https address such as ${example} (http only with VK_ALLOW_HTTP=true)`;

const accounts = z.string().transform((json, context) => {
  const read = readAccounts(json);
  if ("accounts" in read) return read.accounts;
  context.addIssue({ code: "custom", message: read.problem });
  return z.NEVER;
});

/** Every setting of the loader, in the order of the sample file. */
export const settingsSchema = z.object({
  VK_ACCOUNTS: setting(accounts, {
    doc: "Advertising accounts with what each proves itself by, as JSON on one line. Any text will do for a dry run.",
    form: ACCOUNTS_FORM,
    secret: (json) => {
      const read = readAccounts(json);
      return "accounts" in read ? secretsOf(read.accounts) : [];
    },
    sample: '[{"account":"1001","clientId":"placeholder-id","clientSecret":"placeholder-secret"}]',
  }),
  VK_BASE_URL: setting(address("https://ads.vk.com"), {
    doc: "Address of the API of ads.vk.com; a slash at the end is removed.",
    form: addressForm("https://ads.vk.com"),
  }),
  VK_LEGACY_BASE_URL: setting(address("https://api.vk.com"), {
    doc: "Address of the old API, for accounts with api=legacy.",
    form: addressForm("https://api.vk.com"),
  }),
  VK_ALLOW_HTTP: setting(kinds.boolean().default(false), {
    doc: "Accepts plain http addresses. Only for a sandbox.",
    form: FORMS.boolean,
  }),
  VK_API_VERSION: setting(
    z
      .string()
      .regex(/^5\.\d{1,4}$/)
      .default("5.199"),
    { doc: "Version of the old API.", form: "a version such as 5.199" },
  ),
  VK_CAMPAIGN_IDS: setting(
    z
      .string()
      .regex(/^(\*|\d{1,20})(\s*,\s*(\*|\d{1,20}))*$/)
      .transform((list) => list.split(",").map((one) => one.trim()))
      .default(["*"]),
    { doc: "Campaigns that are read, by id; * among them means all.", form: "ids separated by commas, or *" },
  ),
  VK_DAYS_BACK: setting(kinds.integer(3, 366).default(30), {
    doc: "Days up to yesterday that every run reads again, as the vendor corrects them.",
    form: "an integer from 3 to 366",
  }),
  VK_IDS_PER_REQUEST: setting(kinds.integer(1, 2000).optional(), {
    doc: "Ads in one request for statistics: 100, or 200 of the old API; the first takes 200 at most.",
    form: "an integer from 1 to 2000",
  }),
  VK_DAYS_PER_REQUEST: setting(kinds.integer(1, 90).default(31), {
    doc: "Days in one request for statistics.",
    form: "an integer from 1 to 90",
  }),
  VK_REQUEST_PAUSE_MS: setting(kinds.integer(0, 60_000).default(350), {
    doc: "Pause between two requests of an account, in milliseconds.",
    form: "an integer from 0 to 60000",
  }),
  VK_TIMEOUT_S: setting(kinds.integer(1, 120).default(30), {
    doc: "Deadline of one request in seconds.",
    form: "an integer from 1 to 120",
  }),
  VK_MAX_ATTEMPTS: setting(kinds.integer(1, 10).default(4), {
    doc: "Tries of one request, where another try may help.",
    form: "an integer from 1 to 10",
  }),
  VK_RUN_SECONDS: setting(kinds.integer(5, 86_400).default(1800), {
    doc: "Deadline of the whole run in seconds.",
    form: "an integer from 5 to 86400",
  }),
  VK_TOKEN_DIR: setting(kinds.text().default("/var/lib/zakaz-vk-tokens"), {
    doc: "Folder that keeps one pair of tokens per account; it must outlive the run, as the vendor gives five pairs at most.",
    form: "a path",
  }),
  VK_QUARANTINE_MAX_SHARE: setting(kinds.decimal(0, 1).default(0.05), {
    doc: "An account fails when a larger ratio of its rows cannot be read.",
    form: "a number from 0 to 1",
  }),
  ...commonShape,
});

export type Settings = z.infer<typeof settingsSchema>;

/** Reads and checks all settings; everything wrong is named in one `UsageError` without values. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  return parseSettings(
    settingsSchema.superRefine((settings, context) => {
      for (const name of ["VK_BASE_URL", "VK_LEGACY_BASE_URL"] as const) {
        if (settings.VK_ALLOW_HTTP || settings[name].startsWith("https:")) continue;
        context.addIssue({ code: "custom", path: [name], message: "http" });
      }
    }),
    environment,
    ["CLICKHOUSE_", "VK_"],
  );
}
