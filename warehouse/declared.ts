import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { configurationHash, SERVER_VERSION } from "../clickhouse/local-server";
import { readAccess } from "./access/server-state";
import type { AccessState } from "./access/state";
import type { RowSource } from "./client";
import { Failure, StatementFailure } from "./failure";
import type { LiveSchema } from "./schema/compare";
import { checksum } from "./schema/journal-table";
import { readSchema } from "./schema/server-state";
import type { SqlStatement } from "./schema/source";
import { Scratch, SHOWN_SECRETS } from "./scratch";

/** What `sql/` makes of a server. */
export interface DeclaredState {
  access: AccessState;
  schema: LiveSchema;
}

/** Answers of an empty server, by statement with its parameters. */
type Answers = Record<string, unknown[]>;

/** A statement that the record has no answer to. */
class NotRecorded extends Error {}

/** Beside what set-up keeps: a record depends on nothing but its name, so that all checkouts share it. */
const FOLDER = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "zakaz/declared");
/** Records that are kept, of some 150 KB each. */
const MOST_RECORDS = 100;

/** By what they depend on, the states that this process has asked for. */
const known = new Map<string, Promise<DeclaredState>>();

/**
 * What an empty server says of itself after it has run these statements: the live server is read by the same readers, so that a
 * difference is one for the server, and not for a parser of ours. The answers are kept on disk by content of the statements and
 * version of the server; only a question that is not among them starts a server.
 * @param statements of `sql/`, in order; those that fill tables are not run
 * @param version of the empty server
 * @throws Failure with file and line of a statement that ClickHouse refuses; when there is no ClickHouse to start
 */
export function declaredState(
  statements: readonly SqlStatement[],
  version = SERVER_VERSION,
): Promise<DeclaredState> {
  const run = statements.filter(({ kind }) => kind !== "insert");
  const name = `${version}-${checksum([configurationHash(), ...Object.values(SHOWN_SECRETS), ...run.map(({ text }) => text)])}`;
  const state = known.get(name) ?? readState(run, join(FOLDER, `${name}.json`), version);
  known.set(name, state);
  // A failure is asked for again.
  state.catch(() => known.delete(name));
  return state;
}

async function readState(
  statements: readonly SqlStatement[],
  file: string,
  version: string,
): Promise<DeclaredState> {
  const record = readRecord(file);
  try {
    return await readBoth(replayOf(record), statements);
  } catch (error) {
    if (!(error instanceof NotRecorded)) throw error;
  }
  const empty = await Scratch.start(version);
  try {
    for (const statement of statements) await run(empty, statement);
    const answered: Answers = {};
    const recorded: RowSource = {
      rows: async <Row>(sql: string, params?: Record<string, unknown>) => {
        const rows = await empty.rows<Row>(sql, { params });
        answered[keyOf(sql, params)] = rows;
        return rows;
      },
    };
    const state = await readBoth(recorded, statements);
    writeRecord(file, answered);
    return state;
  } finally {
    await empty.stop();
  }
}

async function run(empty: Scratch, { text, file, line }: SqlStatement): Promise<void> {
  try {
    await empty.rows(text);
  } catch (cause) {
    if (!(cause instanceof StatementFailure)) throw cause;
    throw new Failure(`${file}:${line}: ${cause.message}`, undefined, { cause });
  }
}

async function readBoth(source: RowSource, statements: readonly SqlStatement[]): Promise<DeclaredState> {
  const databases = statements.flatMap(({ kind, object }) =>
    kind === "create_database" && object !== undefined ? [object] : [],
  );
  const [{ state: access }, schema] = await Promise.all([readAccess(source), readSchema(source, databases)]);
  return { access, schema };
}

function replayOf(record: Answers): RowSource {
  return {
    rows: <Row>(sql: string, params?: Record<string, unknown>) => {
      const rows = record[keyOf(sql, params)];
      return rows === undefined ? Promise.reject(new NotRecorded(sql)) : Promise.resolve(rows as Row[]);
    },
  };
}

const keyOf = (sql: string, params: Record<string, unknown> = {}): string =>
  `${sql} ${JSON.stringify(params)}`;

function readRecord(file: string): Answers {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Answers;
  } catch {
    return {};
  }
}

function writeRecord(file: string, record: Answers): void {
  mkdirSync(FOLDER, { recursive: true });
  const unfinished = `${file}.${randomBytes(4).toString("hex")}`;
  writeFileSync(unfinished, JSON.stringify(record));
  renameSync(unfinished, file);
  const timeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const old = readdirSync(FOLDER)
    .map((name) => join(FOLDER, name))
    .sort((a, b) => timeOf(b) - timeOf(a))
    .slice(MOST_RECORDS);
  for (const path of old) rmSync(path, { force: true });
}
