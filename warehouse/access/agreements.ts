import { DATABASES, users, type UserName } from "../catalogue";
import { isReaderView } from "../schema/objects";
import type { LoaderTables } from "./matrix/loader";

/** This file, for findings to name. */
export const AGREEMENTS = "warehouse/access/agreements.ts";

/** Tables that nobody writes, and why. */
export const KEPT_EMPTY: Readonly<Record<string, string>> = {
  "zakaz.stg_qtickets_api_clients_raw": "buyers are never requested from the source",
  "zakaz.stg_qtickets_api_partner_tickets_raw": "there is no such source yet",
};

/** Rights that a user needs, and why. */
export interface AgreedRight {
  user: UserName;
  rights: readonly string[];
  /** `database.name`, or `database.*`. */
  on: readonly string[];
  /** Who uses it. */
  because: string;
}

const READ_AND_WRITE = ["SELECT", "INSERT"];
const LIST = ["SHOW DATABASES", "SHOW TABLES", "SHOW COLUMNS"];

/**
 * Rights by agreement: no statement in the code, no view and no source's description shows their use. A table that is
 * written under one of them counts as written: a loader that is still to come is named here.
 */
export const AGREED_RIGHTS: readonly AgreedRight[] = [
  {
    user: users.reader,
    rights: LIST,
    on: ["zakaz.*", "bi.*"],
    because: "DataLens lists what there is",
  },
  {
    user: users.backup,
    rights: [...LIST, "BACKUP"],
    on: DATABASES.map((database) => `${database}.*`),
    because: "backups",
  },
  { user: users.backup, rights: READ_AND_WRITE, on: ["meta.backup_runs"], because: "journal of backups" },
  { user: users.backup, rights: ["SELECT"], on: ["system.backups"], because: "state of a backup" },
  { user: users.monitor, rights: ["SELECT"], on: ["system.disks"], because: "free space of the disks" },
  {
    user: users.monitor,
    rights: ["SELECT"],
    on: ["meta.v_quality_last_day", "meta.v_sli_latest"],
    because: "what is shown of the warehouse's state",
  },
  {
    user: users.loader,
    rights: ["SELECT"],
    on: ["meta.schema_migrations", "meta.v_quality_last_day"],
    because: "checks of a run",
  },
];

/** A table that a source of the loaders writes. */
export interface WrittenTable {
  /** `database.name`. */
  name: string;
  /** It is never read back. */
  writeOnly: boolean;
  /** Where the source says so. */
  file: string;
}

/**
 * Rights that are needed beside those which the code and the views show, each with the file that asks for it. A source
 * reads back what it writes, or, where it must not, compares the table's columns with its own; that it writes is to be seen
 * in the code.
 * @param objects all that `sql/` creates
 */
export function neededRights(
  objects: Iterable<string>,
  written: readonly WrittenTable[],
): (AgreedRight & { file: string })[] {
  const views = [...objects].filter(isReaderView);
  return [
    { user: users.reader, rights: ["SELECT"], on: views, because: "datasets of DataLens", file: AGREEMENTS },
    ...AGREED_RIGHTS.map((agreed) => ({ ...agreed, file: AGREEMENTS })),
    ...written.map(({ name, writeOnly, file }) => ({
      user: users.loader,
      rights: [writeOnly ? "SHOW COLUMNS" : "SELECT"],
      on: [name],
      because: "a source that writes it",
      file,
    })),
  ];
}

/** What the loaders may read and write, by the sources' descriptions and by agreement. */
export function loaderTables(written: readonly WrittenTable[]): LoaderTables {
  return {
    read: [...written.filter(({ writeOnly }) => !writeOnly).map(({ name }) => name), ...agreedOn("SELECT")],
    written: [...written.map(({ name }) => name), ...agreedOn("INSERT")],
  };
}

/** Objects on which the loaders have a right by agreement. */
export function agreedOn(right: string): string[] {
  return AGREED_RIGHTS.filter(({ user, rights }) => user === users.loader && rights.includes(right)).flatMap(
    ({ on }) => on,
  );
}
