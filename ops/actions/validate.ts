import { ROOT } from "../../images";
import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import { describeFinding } from "../../lint/finding";
import { Scratch } from "../../warehouse/scratch";
import { printAnswer, type JsonFlag } from "../command";
import { readTree, validate as validateTree, type Report, type Tree } from "../../lint/validate";

export interface ValidateFlags extends JsonFlag {
  /** SQL files and folders outside `sql/` that define objects of the schema. */
  sql?: string[];
}

/**
 * Checks the schema, the access and the code that uses them against an empty server of its own. Needs no stack and no
 * password. Prints the findings and sets exit code 1, or ends with `Schema validation passed.`
 * @throws Failure when there is no ClickHouse to start, or a file cannot be used
 */
export async function validate(flags: ValidateFlags): Promise<void> {
  const began = performance.now();
  // The server starts while files are read.
  const starting = Scratch.start();
  // Looked at below; a failure until then must not end the process.
  starting.catch(() => undefined);
  try {
    const tree = read(flags.sql ?? []);
    const report = await validateTree(tree, await starting);
    const { text, exitCode } = conclude(report, performance.now() - began);
    printAnswer(flags, reportAnswer(report), text);
    process.exitCode = exitCode;
  } finally {
    await (await starting).stop();
  }
}

function read(paths: string[]): Tree {
  try {
    return readTree(ROOT, paths);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Failure(`${path} cannot be read (${code}): name SQL files or folders with --sql`, EXIT.usage, {
      cause: error,
    });
  }
}

function reportAnswer({ findings, counts }: Report): object {
  return {
    findings: findings.map(({ critical, file, line, object, wrong, expected }) => ({
      critical: critical ?? false,
      file,
      line,
      object,
      wrong,
      expected,
    })),
    counts,
  };
}

/** What the command prints, and its exit code. */
export function conclude({ findings, counts }: Report, ms: number): { text: string; exitCode: number } {
  const time = `${(ms / 1000).toFixed(1)} s`;
  if (findings.length > 0) {
    const list = findings.map((finding) => `${describeFinding(finding)}\n`).join("");
    const number = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
    return { text: `${list}Schema validation failed: ${number}, ${time}.\n`, exitCode: EXIT.error };
  }
  const { objects, columns, statements, queries, openQueries, columnLists, grants } = counts;
  return {
    text:
      `${objects} objects with ${columns} columns from ${statements} statements, ${grants} grants, ` +
      `${queries} queries in the code (${openQueries} known only at run time: names checked), ${columnLists} lists of columns, ${time}\n` +
      "Schema validation passed.\n",
    exitCode: EXIT.ok,
  };
}
