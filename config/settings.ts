import { z } from "zod";
import { alertSettings } from "../alerts/settings";
import { sources } from "../loaders/sources";
import { s3Bucket } from "../warehouse/backup/place";
import { policy } from "../warehouse/backup/policy";
import { readerNetwork } from "./networks";
import { jobSchedule } from "./schedule";

const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const whole = (least: number, most: number) =>
  z.coerce.number(`must be a whole number from ${least} to ${most}`).int().min(least).max(most);
const json = <T extends z.ZodType>(shape: T) =>
  z
    .string()
    .transform((text, ctx): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        ctx.addIssue({ code: "custom", message: "is not JSON" });
        return z.NEVER;
      }
    })
    .pipe(shape);

/** Data sets that are read only where they are named. */
const datasetNames = sources.flatMap(({ datasets }) => Object.keys(datasets));

/** Jobs that can load by themselves: nobody need bring a file. */
const loadedJobs = sources.filter(({ kind }) => kind === "api").map(({ job }) => job);

/** Keys that switch sources on. */
const switches = Object.fromEntries(
  sources.flatMap(({ switch: one }) =>
    one === undefined ? [] : [[one.key, flag.prefault("false").describe(one.about)]],
  ),
);

/**
 * Keys of a stack that are not secret: each with its form, its default and its description.
 * `docs/configuration.md` is made from them.
 */
export const settings = z.object({
  ...switches,
  instance: z
    .string()
    .regex(/^([a-z0-9][a-z0-9-]{0,19})?$/, "must be up to 20 of a-z, 0-9 and -")
    .default("")
    .describe(
      "Suffix of every global name (containers, network, volumes, images), so that stacks live side by side; empty for the one ordinary stack.",
    ),
  clickhouseImage: z
    .string()
    .regex(
      /^local$|(^|@)sha256:[0-9a-f]{64}$/,
      "must be `local` or an image reference that ends in @sha256:<digest>, or the id of an image that is on this host (sha256:<id>)",
    )
    .default("local")
    .describe(
      "The server's image: `local` (ClickHouse 25.8.2 for development and tests, made by set-up), a reference of the official image, pinned by digest, or the id of an image on the host.",
    ),
  bindAddress: z
    .ipv4("must be an IPv4 address such as 127.0.0.1")
    .default("127.0.0.1")
    .describe(
      "Address of the host on which the ports are published. Any but loopback sends passwords and data unencrypted and needs `publishWithoutTls`.",
    ),
  publishWithoutTls: z
    .ipv4("must repeat the address of bindAddress")
    .optional()
    .describe(
      "Consent to publish without TLS on an address other than loopback: repeats that address, so it cannot outlive a change of it.",
    ),
  httpPort: whole(1, 65535).default(8123).describe("Port of the host for ClickHouse over HTTP."),
  nativePort: whole(1, 65535).default(9000).describe("Port of the host for ClickHouse's native protocol."),
  nofile: whole(1024, 1048576)
    .default(262144)
    .describe("Open files that the server may have. Some hosts refuse more than their own hard limit."),
  memory: whole(2048, 1048576)
    .default(4096)
    .describe(
      "Memory limit of the server's container in MiB; it uses four fifths of it. The limits per query in `sql/10_access.sql` are sized for 4096.",
    ),
  healthInterval: z
    .string()
    .regex(/^\d+(ms|s)$/, "must look like 500ms or 2s")
    .default("2s")
    .describe(
      "Time between two health checks of the server and of the sandbox; each costs some 50 ms of processor time.",
    ),
  protectData: flag.prefault("true").describe("`true`: Pulumi refuses to delete the volumes that hold data."),
  source: z
    .enum(["sandbox", "qtickets"])
    .default("qtickets")
    .describe(
      "Where data come from: `sandbox`, the stand-in APIs of this repository, or (`qtickets`) the vendors themselves.",
    ),
  load: z
    .enum(["none", "dryRun", "live"])
    .default("none")
    .describe("What `pulumi up` does with the data: nothing, the loader's dry run, or that and a load."),
  schedule: json(z.partialRecord(z.enum(loadedJobs), jobSchedule))
    .prefault("{}")
    .describe(
      `What loads by itself, and when: JSON by job (${loadedJobs.map((job) => `\`${job}\``).join(", ")}), each with \`at\`, a cron expression of five ` +
        "fields or an interval (`every 45m`) in Moscow time, and if wanted `jitter` (`60s`: a run begins up to so much later, by chance) and " +
        "`timeout` (`1h`: a run is stopped after so much). A source that is not switched on loads nothing. With a schedule `pulumi up` loads a " +
        "source once, when it is new, and not for a changed setting.",
    ),
  datasets: json(z.array(z.enum(datasetNames)))
    .prefault("[]")
    .describe(
      `Optional data sets that loaders read besides: JSON list of ${datasetNames.map((name) => `\`${name}\``).join(", ")}. ` +
        "Barcodes are kept as keyed hashes only, and need `barcodeKey`.",
    ),
  sandbox: json(
    z.strictObject({
      seed: z.number().int().default(1),
      ordersPerDay: z.number().int().min(1).default(40),
      days: z.number().int().min(1).default(45),
      events: z.number().int().min(1).default(12),
    }),
  )
    .prefault("{}")
    .describe(
      "The sandbox's synthetic data as JSON with any of `seed`, `ordersPerDay`, `days`, `events`: same values, same day, same data.",
    ),
  backup: json(
    z.strictObject({
      schedule: z.string().default("30 2 * * *"),
      ...policy.shape,
      s3: s3Bucket.optional(),
    }),
  )
    .prefault("{}")
    .describe(
      "Backups as JSON with any of `schedule` (cron, Moscow time; `off`: by hand only), `fullEveryDays`, `keepFullDays`, `keepIncrementalDays`, " +
        "`keepQuarterlyDays` (the first full one of a quarter), `limitMinutes` (a longer one has failed), `rpoHours` (what may be lost at most: " +
        "a schedule that cannot keep it is refused), and `s3` for object storage in place of the volume: `endpoint`, `bucket`, `prefix` (a folder that is " +
        "this stack's alone), `keyId`, if wanted `region` (`us-east-1`; of Amazon's endpoints their own) and `allowHttp`; it needs `backupS3Secret`.",
    ),
  readerNetworks: json(z.array(readerNetwork))
    .prefault("[]")
    .describe(
      "Further networks from which `datalens_reader` may connect: JSON list of CIDR, /8 or smaller (IPv6: /16).",
    ),
  alerts: json(alertSettings)
    .prefault("{}")
    .describe(
      "Alerts: `enabled`, how often the rules are asked, the cooldown, and each rule's switch and limits ([alerts.md](alerts.md)). " +
        "Set a part with `pulumi config set --path zakaz:alerts.enabled true`.",
    ),
});

export type Settings = z.output<typeof settings>;
