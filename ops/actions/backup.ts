import { EXIT } from "../../exit-codes";
import { megabytes, moscow, type KeptBackup } from "../../warehouse/backup/backup";
import { Failure } from "../../warehouse/failure";
import { listBackups, takeBackup, type BackupList } from "../backup-container";
import { counted, printAnswer, type JsonFlag } from "../command";
import { readStack } from "../stack";

export interface BackupFlags extends JsonFlag {
  full?: boolean;
  incremental?: boolean;
  list?: boolean;
  verify?: boolean;
}

/**
 * Makes a backup by the backup container, or looks at those there are.
 * @throws Failure with the container's own sentence; also when `--verify` finds damage
 */
export async function backup(flags: BackupFlags): Promise<void> {
  if ([flags.full, flags.incremental, flags.list, flags.verify].filter(Boolean).length > 1) {
    throw new Failure("Choose one of --full, --incremental, --list and --verify", EXIT.usage);
  }
  const stack = await readStack();
  if (flags.list || flags.verify) return show(await listBackups(stack, flags.verify ?? false), flags);
  const kind = flags.full ? ["--full"] : flags.incremental ? ["--incremental"] : [];
  const taken = await takeBackup(stack, kind);
  const seconds = Math.max(1, Math.round((taken.finishedAt - taken.startedAt) / 1000));
  const on = taken.base === "" ? "" : ` on ${taken.base}`;
  printAnswer(
    flags,
    taken,
    `${taken.name}${on}: ${taken.files} files, ${megabytes(taken.bytes)}, made and verified in ${seconds} s` +
      `${taken.pruned.map(({ name, why }) => `; deleted ${name} (${why})`).join("")}\n`,
  );
}

function show(found: BackupList, flags: BackupFlags): void {
  const { backups, newest, fresh, target } = found;
  const verdict =
    backups.length === 0
      ? `There is no backup in ${target} yet: npx zakaz backup makes one`
      : newest === ""
        ? `None of the backups in ${target} can be restored: npx zakaz backup makes one`
        : `${counted(backups.length, "backup")} in ${target}; the newest that can be restored is ${newest}` +
          (fresh ? "" : ", older than zakaz:backup promises");
  printAnswer(flags, found, `${[...backups.map(describe), verdict].join("\n")}\n`);
  const damaged = backups.filter(({ state }) => state === "damaged");
  if (flags.verify && damaged.length > 0) {
    throw new Failure(
      `${damaged.map(({ name, why }) => `${name} is damaged: ${why}`).join("; ")}. npx zakaz backup --full makes a new one`,
    );
  }
}

function describe({ name, base, startedAt, bytes, state, why }: KeptBackup): string {
  const on = base === "" ? "" : ` on ${base}`;
  const what = state === "whole" ? "whole" : `${state}: ${why}`;
  return `${name}${on}  ${moscow(startedAt)}  ${megabytes(bytes)}  ${what}`;
}
