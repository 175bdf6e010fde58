import { z } from "zod";
import { EXIT } from "../exit-codes";
import { manifest, type KeptBackup } from "../warehouse/backup/backup";
import { Failure } from "../warehouse/failure";
import { docker } from "./docker";
import { parseJson, type StackOutputs } from "./stack";

const taken = manifest
  .pick({ name: true, kind: true, base: true, startedAt: true, finishedAt: true, bytes: true })
  .extend({
    files: z.number(),
    verified: z.literal(true),
    pruned: z.array(z.object({ name: z.string(), why: z.string() })),
  });

const kept = manifest.omit({ files: true, databases: true }).extend({
  files: z.number(),
  state: z.enum(["whole", "damaged", "unfinished"]),
  why: z.string(),
}) satisfies z.ZodType<KeptBackup>;

const list = z.object({
  backups: z.array(kept),
  newest: z.string(),
  fresh: z.boolean(),
  target: z.string(),
});
export type BackupList = z.infer<typeof list>;

/** Has the backup container make a backup; what it does is shown on standard error. */
export function takeBackup(
  stack: Pick<StackOutputs, "backupContainer">,
  flags: string[],
): Promise<z.infer<typeof taken>> {
  return runProgram(stack, ["take", ...flags], taken);
}

/** What backups there are. @param closely true: every byte is read */
export function listBackups(
  stack: Pick<StackOutputs, "backupContainer">,
  closely: boolean,
): Promise<BackupList> {
  return runProgram(stack, ["list", ...(closely ? ["--bytes"] : [])], list);
}

/**
 * Runs the program of the backup container in it: it alone holds the password of `backup_user`, and reads and deletes backups.
 * @throws Failure with the program's own sentence and exit code
 */
async function runProgram<S extends z.ZodType>(
  { backupContainer }: Pick<StackOutputs, "backupContainer">,
  args: string[],
  answer: S,
): Promise<z.infer<S>> {
  if (backupContainer === "") {
    throw new Failure(
      "The selected stack knows no backups yet: bring it up to date with make up",
      EXIT.usage,
    );
  }
  const run = await docker(["exec", backupContainer, "node", "/opt/backup/main.js", ...args]);
  const said = run.stderr.trim().split("\n");
  const parsed = answer.safeParse(parseJson(run.stdout));
  if (run.code === 0 && parsed.success) {
    for (const line of said.filter(Boolean)) process.stderr.write(`${line}\n`);
    return parsed.data;
  }
  const reason = said.at(-1) ?? "";
  if (/no such container|is not running|is restarting|is paused/i.test(reason)) {
    throw new Failure(
      `The backup container ${backupContainer} does not run: pulumi up --refresh brings it back`,
    );
  }
  throw new Failure(
    reason || `The backup container ${backupContainer} gave no answer`,
    run.code || undefined,
  );
}
