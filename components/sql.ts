import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../images";

/** The one file of `sql/` that makes users, roles and grants. */
const ACCESS_FILE = "10_access.sql";

/** Statements of `sql/10_access.sql`. */
export function accessSql(): string {
  return readSql(ACCESS_FILE);
}

/** Statements of all other files of `sql/`, in the order of their names. */
export function schemaSql(): string {
  return readdirSync(join(ROOT, "sql"))
    .filter((file) => file.endsWith(".sql") && file !== ACCESS_FILE)
    .sort()
    .map(readSql)
    .join("\n");
}

function readSql(file: string): string {
  return readFileSync(join(ROOT, "sql", file), "utf8");
}
