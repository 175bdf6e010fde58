import { readFileSync } from "node:fs";
import { z } from "zod";
import { policy } from "../warehouse/backup/policy";
import { Failure } from "../warehouse/failure";
import { warehouseTarget } from "../warehouse/target";
import { EXIT } from "../exit-codes";

/** Where the container finds its settings; they hold the password of `backup_user`, and nobody else reads them. */
const FILE = "/etc/zakaz/backup.json";

export const backupSettings = z.strictObject({
  /** The server, and `backup_user`. */
  warehouse: warehouseTarget,
  policy,
  /** When backups are made, as schedule/timetable.ts reads it; `off`: by hand only. */
  schedule: z.string(),
  /** Folder that the server knows as its disk `backups`. */
  folder: z.string(),
});
export type BackupSettings = z.infer<typeof backupSettings>;

/** @throws Failure that names the file and quotes nothing of it */
export function readSettings(file = FILE): BackupSettings {
  try {
    return backupSettings.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Failure(`The settings in ${file} cannot be read: pulumi up writes them`, EXIT.usage, { cause });
  }
}
