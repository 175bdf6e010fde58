import { DATABASES, loginUsers } from "../warehouse/catalogue";
import { asAdmin } from "../warehouse/queries";
import { at, describeRefusal, type Finding } from "./finding";
import { StatementFailure } from "../warehouse/failure";
import type { Scratch } from "../warehouse/scratch";
import type { SqlFile, SqlStatement } from "../warehouse/schema/source";

const UNKNOWN_TABLE = 60;
const UNKNOWN_DATABASE = 81;

/** Everything that a second run of `sql/` could change. */
const LIST = DATABASES.map((name) => `'${name}'`).join(", ");
const STATE = asAdmin`
SELECT arraySort(groupArray(x)) AS state FROM
(
    SELECT [if(engine = 'View', '', toString(uuid)), concat(database, '.', name), '', create_table_query] AS x FROM system.tables
    WHERE database IN (${LIST})
    UNION ALL
    SELECT ['', concat(database, '.', table), 'rows', toString(sum(rows))] FROM system.parts
    WHERE active AND database IN (${LIST}) GROUP BY database, table
)`;

/**
 * Runs all of `sql/` twice, access first. Answers what ClickHouse refused, and whether the second run changed anything.
 */
export async function loadTwice(scratch: Scratch, files: SqlFile[]): Promise<Finding[]> {
  const all = files.flatMap((file) => file.statements);
  const access = all.filter(({ kind }) => kind === "access");
  const others = all.filter(({ kind }) => kind !== "access");
  const [refused] = await run(scratch, access);
  // Without users no view can be made: all else would follow from this one.
  if (refused !== undefined) return [refused];
  await scratch.letIn(loginUsers);
  const first = await run(scratch, others);
  if (first.length > 0) return first;
  // The log tables, which queries of the code read, are made by their first flush.
  await scratch.rows("SYSTEM FLUSH LOGS");
  const before = await state(scratch);
  const second = await run(scratch, [...access, ...others]);
  if (second.length > 0)
    return second.map((finding) => ({ ...finding, wrong: `second run: ${finding.wrong}` }));
  const after = await state(scratch);
  return changesBetween(before, after, others);
}

async function run(scratch: Scratch, statements: readonly SqlStatement[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const missing = new Set<string>();
  for (const statement of statements) {
    try {
      await scratch.rows(statement.text);
    } catch (error) {
      if (!(error instanceof StatementFailure)) throw error;
      const follows =
        [UNKNOWN_TABLE, UNKNOWN_DATABASE].includes(error.code) &&
        [...missing].some((name) => error.reason.includes(name));
      if (statement.kind.startsWith("create_") && statement.object) missing.add(statement.object);
      if (follows) continue;
      findings.push(
        at(
          statement,
          statement.object ?? (statement.kind === "access" ? "access" : "?"),
          `ClickHouse refuses it: ${describeRefusal(error)}`,
          "a statement that it takes",
        ),
      );
    }
  }
  return findings;
}

async function state(scratch: Scratch): Promise<Map<string, string>> {
  const [row] = await scratch.rows<{ state: string[][] }>(STATE);
  return new Map(
    (row?.state ?? []).map(([uuid, object, what, value]) => [`${object} ${what}`, `${uuid} ${value}`]),
  );
}

function changesBetween(
  before: Map<string, string>,
  after: Map<string, string>,
  statements: readonly SqlStatement[],
): Finding[] {
  return [...after].flatMap(([key, value]) => {
    if (before.get(key) === value) return [];
    const [object = "", what] = key.split(" ");
    const statement = statements.find(
      (one) => one.object === object && (what === "rows") === (one.kind === "insert"),
    );
    if (statement === undefined) return [];
    const wrong = what === "rows" ? "a second run of sql/ adds rows" : "a second run of sql/ changes it";
    return [at(statement, object, wrong, "a second run that changes nothing")];
  });
}
