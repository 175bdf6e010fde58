import { readFileSync } from "node:fs";
import { z } from "zod";
import { s3Storage } from "../warehouse/backup/place";
import { policy } from "../warehouse/backup/policy";
import { Failure } from "../warehouse/failure";
import { warehouseTarget } from "../warehouse/target";
import { EXIT } from "../exit-codes";

/** Where the container finds its settings; they hold secrets, and only its user can read them. */
export const SETTINGS_FILE = "/etc/zakaz/backup.json";

export const backupSettings = z.strictObject({
  /** The server, and `backup_user`. */
  warehouse: warehouseTarget,
  policy,
  /** Folder that the server knows as its disk `backups`; lock and schedule are in it, wherever backups are. */
  folder: z.string(),
  /** Object storage for the backups; without it they are in the folder. */
  storage: s3Storage.optional(),
});
export type BackupSettings = z.infer<typeof backupSettings>;

/** @throws Failure that names the file and quotes nothing of it */
export function readSettings(file = SETTINGS_FILE): BackupSettings {
  try {
    return backupSettings.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Failure(`The settings in ${file} cannot be read: pulumi up writes them`, EXIT.usage, { cause });
  }
}
