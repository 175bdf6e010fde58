import { execFile } from "node:child_process";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { z } from "zod";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";
import { accessTarget, loaderTarget, readerTarget, warehouseTarget } from "../warehouse/target";

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
