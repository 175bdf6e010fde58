import { z } from "zod";
import { warehouseTarget } from "../warehouse/target";

/** A rule that can be switched off, with its limits. */
const rule = <Limits extends z.ZodRawShape>(limits: Limits) =>
  z.strictObject({ on: z.boolean().default(true), ...limits }).prefault({} as never);

const whole = (least: number, most: number) => z.number().int().min(least).max(most);

/** The rules by name, each with its limits and their defaults; `rules/` has what they ask. */
const rules = z
  .strictObject({
    server: rule({ seconds: whole(0, 86_400).default(120) }),
    failedRun: rule({ partial: z.boolean().default(true) }),
    sourceBehind: rule({ hours: z.record(z.string(), z.number().positive().max(8760)).default({}) }),
    missedRun: rule({}),
    disk: rule({ freePercent: z.number().positive().max(100).default(10) }),
    quarantine: rule({ percent: z.number().positive().max(100).default(1), rows: whole(1, 1e9).default(3) }),
    reader: rule({ everyMinutes: whole(1, 1440).default(15) }),
    backup: rule({ hours: z.number().positive().max(8760).default(30) }),
    channel: rule({ failures: whole(1, 12).default(3) }),
    blind: rule({}),
  })
  .prefault({});

/** What `zakaz:alerts` says. */
export const alertSettings = z.strictObject({
  enabled: z.boolean().default(false),
  everySeconds: whole(10, 3600).default(60),
  cooldownMinutes: whole(0, 10_080).default(60),
  rules,
});
export type AlertSettings = z.output<typeof alertSettings>;
export type RuleName = keyof AlertSettings["rules"];

/** Text without control characters, quotes and backslashes: it stands in addresses and headers. */
const text = z.string().regex(/^[^\p{Cc}"\\]{1,500}$/u, "must be one line without quotes and backslashes");
const address = text.regex(/^[^@\s]+@[^@\s]+$/, "must be an address such as ops@example.org");
/** A number where `pulumi config set --path` made one of what looks like one. */
const textOrNumber = z.union([text, z.number().int().transform(String)]);

/** Where it goes, https unless said otherwise: an address often holds a secret, and so does what is sent. */
const named = { name: text.optional() };
const url = z.url({ protocol: /^https?$/, error: "must be an address that begins with https://" });

const webhook = z.strictObject({
  kind: z.literal("webhook"),
  ...named,
  url,
  plainHttp: z.boolean().default(false),
});
const smtp = z.strictObject({
  kind: z.literal("smtp"),
  ...named,
  host: text,
  port: whole(1, 65_535).optional(),
  security: z.enum(["tls", "starttls", "none"]).default("starttls"),
  user: textOrNumber.optional(),
  password: textOrNumber.optional(),
  from: address,
  to: z.array(address).min(1),
});
const telegram = z.strictObject({
  kind: z.literal("telegram"),
  ...named,
  token: z.string().regex(/^[\w:-]{1,100}$/, "must be letters, digits, : - and _"),
  chat: textOrNumber,
  baseUrl: url.default("https://api.telegram.org"),
  plainHttp: z.boolean().default(false),
});

export type WebhookSettings = z.output<typeof webhook>;
export type SmtpSettings = z.output<typeof smtp>;
export type TelegramSettings = z.output<typeof telegram>;

/** Name of a channel in messages and logs: its own, or its kind. */
export const channelName = ({ name, kind }: { name?: string | undefined; kind: string }): string =>
  name ?? kind;

/** Where messages go; what `zakaz:alertChannels` says. */
export const channels = z
  .array(z.discriminatedUnion("kind", [webhook, smtp, telegram]))
  .superRefine((list, context) => {
    const refuse = (index: number, key: string, message: string) =>
      context.addIssue({ code: "custom", path: [index, key], message });
    for (const [index, channel] of list.entries()) {
      const same = list.slice(0, index).some((other) => channelName(other) === channelName(channel));
      if (same) refuse(index, "name", `must tell it from the other channel ${channelName(channel)}`);
      const plain =
        (channel.kind === "webhook" && channel.url.startsWith("http:")) ||
        (channel.kind === "telegram" && channel.baseUrl.startsWith("http:"));
      if (plain && "plainHttp" in channel && !channel.plainHttp) {
        const key = channel.kind === "webhook" ? "url" : "baseUrl";
        refuse(index, key, "must begin with https://, or plainHttp must be true");
      }
      if (channel.kind === "smtp" && (channel.user === undefined) !== (channel.password === undefined)) {
        const key = channel.user === undefined ? "user" : "password";
        refuse(index, key, "must be set where the other of user and password is");
      }
    }
  });
export type Channel = z.output<typeof channels>[number];

/** A source that the alerts watch. */
const watchedSource = z.object({
  job: z.string(),
  /** Hours after a good run until it is behind; none: it has no tables. */
  freshHours: z.number().optional(),
});

/** When a job is run by itself. */
const watchedSchedule = z.object({
  job: z.string(),
  /** As `parseTimetable` reads it. */
  timetable: z.string(),
  /** How long after its slot a run may still be at work: the longest delay by chance and its time limit, in seconds. */
  longestSeconds: z.number(),
});

/** The file that the alerts' container reads; holds secrets. */
export const alerterSettings = z.object({
  /** The stack, for messages. */
  stack: z.string(),
  /** The server as `zakaz_monitor`. */
  warehouse: warehouseTarget,
  settings: alertSettings,
  channels,
  sources: z.array(watchedSource),
  schedules: z.array(watchedSchedule),
});
export type AlerterSettings = z.output<typeof alerterSettings>;
export type WatchedSource = z.output<typeof watchedSource>;
export type WatchedSchedule = z.output<typeof watchedSchedule>;

/** Where the container has what it needs; the stack puts it there. */
export const PATHS = {
  settings: "/etc/zakaz/alerts.json",
  state: "/var/lib/zakaz-alerts",
  health: "/tmp/health",
} as const;
