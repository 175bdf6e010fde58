import { z } from "zod";
import { EXIT } from "../../exit-codes";
import { restorable } from "../../warehouse/backup/policy";
import { Failure } from "../../warehouse/failure";
import { listBackups } from "../backup-container";
import { printAnswer, type JsonFlag } from "../command";
import { pulumi } from "../pulumi";
import { parseJson, readStack } from "../stack";
import { inspectServer } from "../throw-away-server";

const DAY = 86_400_000;

const state = z.object({
  deployment: z.object({
    resources: z.array(
      z.object({
        urn: z.string(),
        type: z.string(),
        protect: z.boolean().default(false),
        inputs: z.object({ name: z.string().optional() }).loose().optional(),
      }),
    ),
  }),
});

/**
 * Takes the protection from a volume, so that Pulumi may take it out of the stack; the volume itself stays on the Docker engine.
 * Nothing is done without a backup of the last 24 hours in another volume, of which every byte has just been read.
 * @throws Failure with what is missing
 */
export async function releaseData(volume: string, flags: JsonFlag): Promise<void> {
  const stack = await readStack();
  const exported = await pulumi(["stack", "export"]);
  const parsed = state.safeParse(parseJson(exported.stdout));
  if (!parsed.success) throw new Failure("The stack's state cannot be read: pulumi stack export shows why");
  const volumes = parsed.data.deployment.resources.filter(
    ({ type, protect }) => type === "docker:index/volume:Volume" && protect,
  );
  const found = volumes.find(({ inputs }) => inputs?.name === volume);
  if (found === undefined) {
    const names = volumes.map(({ inputs }) => inputs?.name).join(", ");
    throw new Failure(
      `${volume} is no protected volume of this stack; protected are: ${names || "none (zakaz:protectData is false)"}`,
      EXIT.usage,
    );
  }
  const { backups: home } = await inspectServer(stack.container);
  if (home === volume && stack.backupStorage === undefined) {
    throw new Failure(
      `${volume} holds the backups themselves, and there are none elsewhere: copy it first, then pulumi state unprotect '${found.urn}'`,
    );
  }
  const { backups } = await listBackups(stack, true);
  const [newest] = restorable(backups);
  if (newest === undefined || Date.now() - newest.startedAt > DAY) {
    const what = newest === undefined ? "there is none" : `the newest is ${newest.name}`;
    throw new Failure(
      `A verified backup of the last 24 hours is needed to let ${volume} go, and ${what}: npx zakaz backup makes one`,
    );
  }
  const released = await pulumi(["state", "unprotect", found.urn, "--yes"]);
  if (released.code !== 0)
    throw new Failure(`pulumi state unprotect failed: ${released.stderr.trim().split("\n").at(-1)}`);
  printAnswer(
    flags,
    { volume, backup: newest.name },
    `${volume} is protected no more: ${newest.name} has what is in the warehouse, and every byte of it was read. ` +
      `Whatever takes the volume out of the stack leaves it on the engine: docker volume rm ${volume} deletes it\n`,
  );
}
