import { basename } from "node:path";
import { isSignificant, tokenize } from "../sql/lexer";
import { Failure } from "../failure";
import { checksum, type MigrationRow } from "./journal";
import { readMigrationFiles, type SqlStatement } from "./source";

/** A file of `sql/migrations/`. */
export interface Migration {
  version: number;
  /** File name without `.sql`, e.g. `0001_orders_by_item`. */
  name: string;
  file: string;
  statements: readonly SqlStatement[];
  checksum: string;
}

/** A migration that has not been applied. */
export interface PendingMigration extends Migration {
  /** Statements that an earlier run has done. */
  done: number;
}

/** Parts of an ALTER that add or describe, and take nothing away. */
const HARMLESS_ALTER = /^ALTER TABLE \S+ (ADD|COMMENT|MODIFY COMMENT|MODIFY SETTING|RESET SETTING)\b/i;

/**
 * The files of `sql/migrations/`, in order.
 * @throws Failure for a name without a number, a number twice, a gap, an empty file
 */
export function readMigrations(root?: string): Migration[] {
  return readMigrationFiles(root).map(({ file, statements }, i) => {
    const name = basename(file, ".sql");
    const version = Number(/^(\d{4})_\w+$/.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(version)) throw new Failure(`${file}: the name of a migration is NNNN_what_it_does.sql`);
    const wanted = String(i + 1).padStart(4, "0");
    if (version !== i + 1) {
      throw new Failure(
        `${file}: the next migration is number ${wanted}, numbers have no gaps and come once`,
      );
    }
    if (statements.length === 0) throw new Failure(`${file} holds no statement`);
    return { version, name, file, statements, checksum: checksum(statements.map(({ text }) => text)) };
  });
}

/**
 * The migrations still to be run, by what the journal says.
 * @param resume name of the migration that failed before and may go on
 * @throws Failure when an applied file has changed or is missing, and for one that failed
 */
export function pendingMigrations(
  files: Migration[],
  journal: MigrationRow[],
  resume?: string,
): PendingMigration[] {
  for (const row of journal) {
    const file = files.find(({ name }) => name === row.name);
    const path = `sql/migrations/${row.name}.sql`;
    if (file === undefined) {
      throw new Failure(`${path} was applied and is missing: bring it back, a migration is never removed`);
    }
    if (row.status === "ok" && row.checksum !== file.checksum) {
      throw new Failure(
        `${path} has changed since it was applied: bring it back as it was, and put the change into a new file`,
      );
    }
    if (row.status !== "ok" && row.name !== resume) {
      const how = row.status === "failed" ? `failed (${row.message})` : "was started and has not ended";
      throw new Failure(
        `${path} ${how}: fix the cause, then resume with npx zakaz schema apply --resume ${row.name}`,
      );
    }
  }
  return files
    .map((file) => ({ file, row: journal.find(({ name }) => name === file.name) }))
    .filter(({ row }) => row?.status !== "ok")
    .map(({ file, row }) => ({ ...file, done: row?.statements ?? 0 }));
}

/** `database.name` of all that a migration names in these databases. */
export function namedObjects({ statements }: Migration, databases: string[]): Set<string> {
  return new Set(statements.flatMap(({ text }) => mentions(text, databases)));
}

/**
 * What of these databases a migration drops, rewrites or swaps: each needs permission by name. What lies in a scratch
 * database needs none.
 */
export function endangeredObjects({ statements }: Migration, databases: string[]): Set<string> {
  const endangered = statements.flatMap(({ kind, text, object }) => {
    if (kind === "drop")
      return object !== undefined && databases.includes(object) ? [object] : mentions(text, databases);
    if (kind === "alter") return HARMLESS_ALTER.test(text) ? [] : mentions(text, databases).slice(0, 1);
    return kind === "other" ? mentions(text, databases) : [];
  });
  return new Set(endangered);
}

function mentions(sql: string, databases: string[]): string[] {
  const tokens = tokenize(sql).filter(isSignificant);
  const name = (i: number) => tokens[i]?.text.replaceAll(/[`"]/g, "") ?? "";
  return tokens.flatMap((token, i) =>
    token.text === "." && databases.includes(name(i - 1)) ? [`${name(i - 1)}.${name(i + 1)}`] : [],
  );
}
