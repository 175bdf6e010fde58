import { EXIT } from "../../exit-codes";
import { backupPlace } from "../../warehouse/backup/place";
import { restorable } from "../../warehouse/backup/policy";
import { journalDrill, refuseDowngrade, rehearse, type Rehearsal } from "../../warehouse/backup/rehearse";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import { Failure } from "../../warehouse/failure";
import { asAdmin } from "../../warehouse/queries";
import { listBackups } from "../backup-container";
import { printAnswer, type JsonFlag } from "../command";
import { readStack } from "../stack";
import { inspectServer, withThrowAwayServer } from "../throw-away-server";

/**
 * Restores the newest backup into a throw-away server and compares it with the live one; the figures go into the journal.
 * @throws Failure when anything is not as it must be
 */
export async function drill(flags: JsonFlag): Promise<void> {
  const found = await tryOut(undefined, true);
  printAnswer(flags, found, describe(found));
  if (found.problems.length > 0) {
    throw new Failure(
      `The drill has failed: ${found.problems.join("; ")}. npx zakaz backup --verify looks at the backups`,
    );
  }
}

export interface UpgradeFlags extends JsonFlag {
  image?: string;
}

/**
 * Tries the newest backup on a server of another version, and says yes only when all is as it is now.
 * @throws Failure with what is not; and for an older version, before anything is done
 */
export async function upgradeCheck({ image, ...flags }: UpgradeFlags): Promise<void> {
  if (image === undefined) throw new Failure("Name the image to be tried: --image <reference>", EXIT.usage);
  const found = await tryOut(image, false);
  printAnswer(flags, found, describe(found));
  if (found.problems.length > 0) {
    throw new Failure(
      `No: ClickHouse ${found.serverVersion} is not for these data: ${found.problems.join("; ")}`,
    );
  }
  if (!flags.json) {
    process.stdout.write(
      `Yes: pulumi config set zakaz:clickhouseImage ${image}, then pulumi up. Make a backup before it: npx zakaz backup\n`,
    );
  }
}

async function tryOut(image: string | undefined, journaled: boolean): Promise<Rehearsal> {
  const stack = await readStack();
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const { backups } = await listBackups(stack, true);
  const [backup] = restorable(backups);
  if (backup === undefined)
    throw new Failure("There is no backup that can be restored: npx zakaz backup makes one");
  const server = await inspectServer(stack.container);
  return withWarehouse(new Warehouse(stack.warehouseTarget), async (live) => {
    const [running] = await live.rows<{ version: string }>(asAdmin`SELECT version() AS version`);
    const beganAt = Date.now();
    const found = await withThrowAwayServer(
      stack.container,
      server,
      image ?? server.image,
      async (scratch) => {
        const [other] = await scratch.rows<{ version: string }>(asAdmin`SELECT version() AS version`);
        refuseDowngrade(running!.version, other!.version);
        return rehearse({ scratch, live, place: backupPlace(stack.backupStorage), backup, beganAt, say });
      },
    );
    if (journaled) await journalDrill(live, found);
    return found;
  });
}

function describe({
  backup,
  serverVersion,
  tables,
  views,
  queries,
  rpoSeconds,
  rtoSeconds,
  problems,
}: Rehearsal): string {
  const rows = tables.reduce((sum, one) => sum + one.rows, 0);
  const since = tables.filter(({ state }) => state === "since").map(({ table }) => table);
  const lines = [
    `${backup} in an empty ClickHouse ${serverVersion}: ${tables.length} tables with ${rows} rows, every part as it was written; ` +
      `${tables.length - since.length} tables equal the live ones`,
    ...(since.length === 0 ? [] : [`written since the backup: ${since.join(", ")}`]),
    `${views} views and ${queries} queries of DataLens answered; schema and access as sql/ says`,
    `RPO ${span(rpoSeconds)} (age of the backup), RTO ${span(rtoSeconds)} (from no server to users, schema and data)`,
  ];
  return problems.length > 0 ? "" : `${lines.join("\n")}\n`;
}

const span = (seconds: number): string =>
  seconds < 120
    ? `${seconds.toFixed(1)} s`
    : seconds < 7200
      ? `${(seconds / 60).toFixed(1)} min`
      : `${(seconds / 3600).toFixed(1)} h`;
