import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../images";

/** The one file of `sql/` that makes users, roles and grants. */
const ACCESS_FILE = "10_access.sql";

/** Statements of `sql/10_access.sql`. */
export function accessSql(): string {
  return readFileSync(join(ROOT, "sql", ACCESS_FILE), "utf8");
}
