import { text } from "node:stream/consumers";
import { z } from "zod";
import { EXIT } from "../exit-codes";
import type { Source } from "../loaders/pipeline/source";
import { s3Storage } from "../warehouse/backup/place";
import { Failure } from "../warehouse/failure";
import { askOutputs, NoStack, whyUnread } from "./pulumi";
import {
  accessTarget,
  alertsTarget,
  loaderTarget,
  warehouseTarget,
  type Credentials,
  type LoaderTarget,
} from "../warehouse/target";

/** Outputs of the stack that commands read. */
const stackOutputs = z.object({
  clickhouseUrl: z.url(),
  database: z.string(),
  container: z.string(),
  network: z.string(),
  loaderImage: z.string(),
  /** By job, of each source that the stack has switched on. */
  loaderTargets: z.record(z.string(), loaderTarget).default({}),
  /** By job, of each source that loads by itself. */
  schedules: z.record(z.string(), z.object({ container: z.string(), at: z.string() })).default({}),
  readerTarget: warehouseTarget,
  warehouseTarget,
  accessTarget,
  /** Container that makes and keeps the backups; empty: the stack knows none yet. */
  backupContainer: z.string().default(""),
  /** Where data come from the sandbox. */
  sandboxContainer: z.string().optional(),
  /** Object storage in which backups are kept, with its secret; none: they are kept in a volume. */
  backupStorage: s3Storage.optional(),
  /** Where alerts are switched on. */
  alertsTarget: alertsTarget.optional(),
});
export type StackOutputs = z.infer<typeof stackOutputs>;

/**
 * Outputs of the selected stack, secrets in the clear: keep them out of every message.
 * @param asked what Pulumi was asked before
 * @throws NoStack when there is none or it is not up; Failure when it cannot be read
 */
export async function readStack(asked = askOutputs()): Promise<StackOutputs> {
  const { code, stdout, stderr } = await asked;
  if (code !== 0) throw whyUnread(stderr);
  const parsed = stackOutputs.safeParse(parseJson(stdout));
  if (!parsed.success) throw new NoStack("The selected stack is not up: build it with make up");
  return parsed.data;
}

/**
 * The target of a command: from standard input when the stack itself calls it (`from` is `-`), else from the selected stack.
 * @throws Failure when there is none
 */
export async function readTarget<
  K extends "readerTarget" | "warehouseTarget" | "accessTarget" | "alertsTarget",
>(key: K, from: string | undefined): Promise<StackOutputs[K]> {
  if (from === undefined) return (await readStack())[key];
  return (await readInput(from, key, stackOutputs.shape[key])) as StackOutputs[K];
}

/** The target of a command that runs the loader of a source. See {@link readTarget}. */
export async function readLoaderTarget(source: Source, from: string | undefined): Promise<LoaderTarget> {
  if (from !== undefined) return readInput(from, "loaderTarget", loaderTarget);
  return loaderTargetOf(await readStack(), source);
}

/**
 * What the loader of a source needs.
 * @throws Failure when the stack has not switched the source on
 */
export function loaderTargetOf(
  { loaderTargets }: Pick<StackOutputs, "loaderTargets">,
  { job, title, switch: by }: Source,
): LoaderTarget {
  const target = loaderTargets[job];
  if (target !== undefined) return target;
  throw new Failure(
    by === undefined
      ? `The selected stack knows no loader of ${job} yet: bring it up to date with make up`
      : `${title} is not switched on in the selected stack: pulumi config set zakaz:${by.key} true, then pulumi up`,
    EXIT.usage,
  );
}

/** Passwords that the outputs hold of the users that `sql/` declares, by user: those of the loaders and of DataLens. */
export function knownPasswords({ loaderTargets, readerTarget }: StackOutputs): Record<string, string> {
  const loaders = Object.values(loaderTargets).map(loaderLogin);
  return Object.fromEntries([...loaders, readerTarget].map(({ user, password }) => [user, password]));
}

/** As whom a run of the loader logs in. */
export function loaderLogin({ settings }: LoaderTarget): Credentials {
  return { user: settings["CLICKHOUSE_USER"] ?? "", password: settings["CLICKHOUSE_PASSWORD"] ?? "" };
}

async function readInput<S extends z.ZodType>(from: string, key: string, schema: S): Promise<z.infer<S>> {
  if (from !== "-") throw new Failure("--target takes only - (standard input)", EXIT.usage);
  const parsed = schema.safeParse(parseJson(await text(process.stdin)));
  if (!parsed.success) throw new Failure(`The target on standard input is not a ${key}`, EXIT.usage);
  return parsed.data;
}

/** The value; undefined for what is no JSON. The parser's own error would quote the input, which holds secrets. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
