import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";

/** Namespace of every key: `pulumi config set zakaz:<key> …`. */
const NAMESPACE = "zakaz";

/** The stack that may use the sample passwords documented in README.md. */
const SAMPLE_STACK = "dev";
const SAMPLE_SECRETS = ["admin_pass", "etl_pass", "ChangeMe123!", "backup_pass", "sandbox_token"];

const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
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

/** Keys of a stack that are not secret, with their defaults. */
const settings = z.object({
  /** Suffix of every global name (containers, network, volumes, images); empty for the one ordinary stack. */
  instance: z
    .string()
    .regex(/^([a-z0-9][a-z0-9-]{0,19})?$/, "must be up to 20 of a-z, 0-9 and -")
    .default(""),
  /** `embedded`, or a reference of the official server image, pinned by digest. */
  clickhouseImage: z
    .string()
    .regex(
      /^embedded$|@sha256:[0-9a-f]{64}$/,
      "must be `embedded` or an image reference that ends in @sha256:<digest>",
    )
    .default("embedded"),
  /** Address of the host on which the ports are published. */
  bindAddress: z.ipv4().default("127.0.0.1"),
  /** Port of the host for ClickHouse over HTTP. */
  httpPort: whole(1, 65535).default(8123),
  /** Port of the host for ClickHouse's native protocol. */
  nativePort: whole(1, 65535).default(9000),
  /** Open files that the server may have. Some hosts refuse more than their own hard limit. */
  nofile: whole(1024, 1048576).default(262144),
  /** Time between two health checks of the server. */
  healthInterval: z
    .string()
    .regex(/^\d+(ms|s)$/, "must look like 500ms or 2s")
    .default("2s"),
  /** True: Pulumi refuses to delete the volumes that hold data. */
  protectData: flag.default(true),
  /** Where orders come from: the stand-in API of this repository, or the vendor's. */
  source: z.enum(["sandbox", "qtickets"]).default("qtickets"),
  /** What `pulumi up` does with the data. */
  load: z.enum(["none", "dryRun", "live"]).default("none"),
  /** The sandbox's synthetic data: same values, same day, same data. */
  sandbox: json(
    z.strictObject({
      seed: z.number().int().default(1),
      ordersPerDay: z.number().int().min(1).default(40),
      days: z.number().int().min(1).default(45),
      events: z.number().int().min(1).default(12),
    }),
  ).prefault("{}"),
  /** Further networks (CIDR) from which `datalens_reader` may connect. */
  readerNetworks: json(z.array(z.union([z.cidrv4(), z.cidrv6()]))).prefault("[]"),
});

/** Secret keys: each is required, none has a default. */
const secretKeys = [
  "adminPassword",
  "loaderPassword",
  "datalensPassword",
  "backupPassword",
  "qticketsToken",
] as const;

type SecretKey = (typeof secretKeys)[number];

/** The stack's configuration; a secret is an Output marked secret. */
export type StackConfig = z.output<typeof settings> & {
  secrets: Record<SecretKey, pulumi.Output<string>>;
};

/**
 * Reads and checks the configuration of the current stack. It is the one place where config and secrets are read.
 * @throws pulumi.RunError naming every bad or missing key at once, with the command that mends each
 */
export function readConfig(): StackConfig {
  const stack = pulumi.getStack();
  const raw = Object.fromEntries(
    Object.keys(settings.shape)
      .map((key) => [key, pulumi.runtime.getConfig(`${NAMESPACE}:${key}`)])
      .filter(([, value]) => value !== undefined),
  ) as Record<string, unknown>;

  const problems: string[] = [];
  const parsed = settings.safeParse(raw);
  for (const issue of parsed.error?.issues ?? []) {
    const key = `${NAMESPACE}:${String(issue.path[0])}`;
    problems.push(`${key}: ${issue.message}. Set it with: pulumi config set ${key} <value> --stack ${stack}`);
  }

  const secrets = {} as StackConfig["secrets"];
  for (const key of secretKeys) {
    const name = `${NAMESPACE}:${key}`;
    const value = pulumi.runtime.getConfig(name);
    const command = `pulumi config set --secret ${name} --stack ${stack}`;
    if (value === undefined || value === "") {
      problems.push(`${name} is not set. Set it with: ${command}`);
    } else if (SAMPLE_SECRETS.includes(value) && stack !== SAMPLE_STACK) {
      problems.push(
        `${name} is the documented sample, allowed on stack ${SAMPLE_STACK} only. Set another: ${command}`,
      );
    } else {
      secrets[key] = pulumi.secret(value);
    }
  }

  if (!parsed.success || problems.length > 0) {
    throw new pulumi.RunError(
      `The configuration of stack ${stack} is not complete:\n  ${problems.join("\n  ")}`,
    );
  }
  return { ...parsed.data, secrets };
}
