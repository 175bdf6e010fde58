/**
 * Names that several parts of the program use: databases and users. Objects are named by `sql/` alone
 * (`warehouse/schema/objects.ts` reads them), rights by `sql/10_access.sql`.
 */

/** The databases, in the order in which people are shown them. */
export const DATABASES = ["zakaz", "bi", "meta"] as const;

/** Database of the data tables and of the journal of runs. */
export const DATABASE = "zakaz";

/** Users of the warehouse by what they are for. */
export const users = {
  admin: "admin",
  loader: "etl_writer",
  reader: "datalens_reader",
  backup: "backup_user",
  monitor: "zakaz_monitor",
  /** By whose rights views read; it never logs in. */
  definer: "zakaz_definer",
} as const;

export type UserName = (typeof users)[keyof typeof users];

/** Users that `sql/10_access.sql` creates locked; the stack gives them password and hosts. */
export const loginUsers = [users.loader, users.reader, users.backup, users.monitor] as const;

/** Keys of the stack's configuration that hold the passwords, by user: `<owner>Password`. */
export const passwordKeys = {
  [users.admin]: "adminPassword",
  [users.loader]: "loaderPassword",
  [users.reader]: "datalensPassword",
  [users.backup]: "backupPassword",
  [users.monitor]: "monitorPassword",
} as const satisfies Partial<Record<UserName, string>>;

export type PasswordKey = (typeof passwordKeys)[keyof typeof passwordKeys];

/** Key of the configuration that holds a user's password; undefined for a user without one. */
export function passwordKey(user: string): string | undefined {
  return (passwordKeys as Record<string, string>)[user];
}
