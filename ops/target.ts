import { execFile } from "node:child_process";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { z } from "zod";
import { EXIT, Failure } from "./failure";

/** What a run of the loader needs; comes from the stack and holds secrets. */
export const loaderTarget = z.object({
  /** Container of the server. */
  container: z.string(),
  /** The server's HTTP interface as seen from the host. */
  url: z.url(),
  /** Docker network in which the loader runs. */
  network: z.string(),
  /** Id of the loader's image. */
  image: z.string(),
  /** Volume that keeps rejected records. */
  quarantineVolume: z.string(),
  /** Labels of the run's container, each `name=value`. */
  labels: z.array(z.string()),
  /** The loader's settings, secrets among them. */
  settings: z.record(z.string(), z.string()),
});
export type LoaderTarget = z.infer<typeof loaderTarget>;

/** What a query as `datalens_reader` needs. */
export const readerTarget = z.object({ url: z.url(), user: z.string(), password: z.string() });
export type ReaderTarget = z.infer<typeof readerTarget>;

/** What commands that work on the server as `admin` need; holds a secret. */
export const warehouseTarget = z.object({
  /** Container of the server. */
  container: z.string(),
  /** Its HTTP interface as seen from the host. */
  url: z.url(),
  user: z.string(),
  password: z.string(),
});
export type WarehouseTarget = z.infer<typeof warehouseTarget>;

/** What commands about users and grants need; holds secrets. */
export const accessTarget = z.object({
  warehouse: warehouseTarget,
  /** What sql/10_access.sql leaves open of the login users: hash of the password, addresses and networks. */
  logins: z.array(z.object({ user: z.string(), passwordSha256: z.string(), hosts: z.array(z.string()) })),
  /** Passwords to try, by user. The stack gives them to what only reads, so that its state holds hashes alone. */
  passwords: z.record(z.string(), z.string()).default({}),
});
export type AccessTarget = z.infer<typeof accessTarget>;

/** Outputs of the stack that commands read. */
const stackOutputs = z.object({
  clickhouseUrl: z.url(),
  database: z.string(),
  container: z.string(),
  network: z.string(),
  loaderImage: z.string(),
  loaderTarget,
  readerTarget,
  warehouseTarget,
  accessTarget,
});
export type StackOutputs = z.infer<typeof stackOutputs>;

/**
 * Outputs of the selected stack, secrets in the clear: keep them out of every message.
 * @throws Failure when there is no stack or it is not up
 */
export async function readStack(): Promise<StackOutputs> {
  let json: string;
  try {
    const args = ["stack", "output", "--json", "--show-secrets", "--non-interactive"];
    json = (await promisify(execFile)("pulumi", args, { maxBuffer: 1 << 24 })).stdout;
  } catch (cause) {
    throw new Failure(
      'No stack to read: select one with eval "$(make -s env)", and build it with make up',
      EXIT.error,
      {
        cause,
      },
    );
  }
  const parsed = stackOutputs.safeParse(JSON.parse(json));
  if (!parsed.success) throw new Failure("The selected stack is not up: build it with make up");
  return parsed.data;
}

/**
 * The target of a command: from standard input when the stack itself calls it (`--target -`), else from the
 * selected stack.
 */
export async function readTarget<
  K extends "loaderTarget" | "readerTarget" | "warehouseTarget" | "accessTarget",
>(key: K, source: string | undefined): Promise<StackOutputs[K]> {
  if (source === undefined) return (await readStack())[key];
  if (source !== "-") throw new Failure("--target takes only - (standard input)", EXIT.usage);
  const parsed = stackOutputs.shape[key].safeParse(JSON.parse(await text(process.stdin)));
  if (!parsed.success) throw new Failure(`The target on standard input is not a ${key}`, EXIT.usage);
  return parsed.data as StackOutputs[K];
}
