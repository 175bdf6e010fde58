import { z } from "zod";
import type { DatabaseSettings } from "./database";
import { FORMS, kinds, setting } from "./setting";
import { LOG_LEVELS } from "./log";

/** A plain name of a table or a database: it can stand in SQL as it is. */
export const identifier = () => z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/);

/** How ClickHouse is reached. */
export const databaseShape = {
  CLICKHOUSE_HOST: setting(z.string().regex(/^[A-Za-z0-9._-]+$/), {
    doc: "Host name of ClickHouse.",
    form: "a host name without scheme and port",
    aliases: ["CH_HOST"],
    sample: "ch-zakaz",
  }),
  CLICKHOUSE_PORT: setting(kinds.integer(1, 65_535).optional(), {
    doc: "HTTP port of ClickHouse; 8123, or 8443 with CLICKHOUSE_SECURE.",
    form: "an integer from 1 to 65535",
    aliases: ["CH_PORT", "CLICKHOUSE_HTTP_PORT"],
  }),
  CLICKHOUSE_DB: setting(identifier().default("zakaz"), {
    doc: "Database of every read and write.",
    form: "a plain database name",
    aliases: ["CLICKHOUSE_DATABASE", "CH_DATABASE"],
  }),
  CLICKHOUSE_USER: setting(kinds.text().default("etl_writer"), {
    doc: "User of the loader.",
    form: "a user name",
    aliases: ["CLICKHOUSE_USER_WRITE", "CH_USER", "CH_USER_WRITE", "CLICKHOUSE_USERNAME"],
    sample: "etl_writer",
  }),
  CLICKHOUSE_PASSWORD: setting(kinds.text(), {
    doc: "Password of that user.",
    form: "the password of the loader's user",
    aliases: ["CLICKHOUSE_PASSWORD_WRITE", "CH_PASSWORD", "CH_PASSWORD_WRITE"],
    secret: true,
    sample: "placeholder-password",
  }),
  CLICKHOUSE_SECURE: setting(kinds.boolean().default(false), {
    doc: "Uses https to ClickHouse.",
    form: FORMS.boolean,
    aliases: ["CH_SECURE"],
  }),
  CLICKHOUSE_VERIFY_SSL: setting(kinds.boolean().default(true), {
    doc: "Checks the certificate of ClickHouse; without https it has no effect.",
    form: FORMS.boolean,
    aliases: ["CH_VERIFY_SSL"],
  }),
};

/** The lock of a job. */
export const leaseShape = {
  LEASE_SECONDS: setting(kinds.integer(3, 3600).default(30), {
    doc: "How long the lock of a run that died keeps others out, in seconds.",
    form: "an integer from 3 to 3600",
  }),
};

/** Where rows that are put aside are listed. */
export const quarantineShape = {
  QUARANTINE_DIR: setting(kinds.text().default("/var/lib/zakaz/quarantine"), {
    doc: "Folder of the list of rows that were put aside (ids and reasons only).",
    form: "a path",
  }),
};

/** The rehearsal of a run. */
export const dryRunShape = {
  DRY_RUN: setting(kinds.boolean().default(false), {
    doc: "Checks the settings, sends nothing anywhere and ends.",
    form: FORMS.boolean,
    sample: "true",
  }),
};

/** What is logged, and how. */
export const logShape = {
  LOG_LEVEL: setting(
    z
      .string()
      .transform((value) => value.toUpperCase())
      .pipe(z.enum(LOG_LEVELS))
      .default("INFO"),
    { doc: "Least level that is logged.", form: LOG_LEVELS.join(", ") },
  ),
  LOG_FORMAT: setting(z.enum(["text", "json"]).default("text"), {
    doc: "Form of the log lines on standard error.",
    form: "text or json",
  }),
};

type DatabaseShape = z.infer<z.ZodObject<typeof databaseShape>>;

/** The same as the client of ClickHouse takes it; the port is the given one, or the usual one of http or https. */
export function databaseSettings(settings: DatabaseShape): DatabaseSettings {
  return {
    host: settings.CLICKHOUSE_HOST,
    port: settings.CLICKHOUSE_PORT ?? (settings.CLICKHOUSE_SECURE ? 8443 : 8123),
    secure: settings.CLICKHOUSE_SECURE,
    verifyTls: settings.CLICKHOUSE_VERIFY_SSL,
    database: settings.CLICKHOUSE_DB,
    user: settings.CLICKHOUSE_USER,
    password: settings.CLICKHOUSE_PASSWORD,
  };
}

/** Settings of every source. */
export const commonShape = {
  ...databaseShape,
  ...leaseShape,
  ...quarantineShape,
  ...dryRunShape,
  ...logShape,
};
export type CommonSettings = z.infer<z.ZodObject<typeof commonShape>>;
