import { Failure } from "../../warehouse/failure";
import { writtenTables } from "../../loaders/sources";
import { loaderTables } from "../../warehouse/access/agreements";
import { formatOutcome, matrixOf, readersMatrixOf, runCells } from "../../warehouse/access/matrix/run";
import { withAccess } from "../access-target";
import { printAnswer, type JsonFlag, type TargetFlag } from "../command";

/**
 * Tries the whole table of rights against the running server, as each user; nothing is changed. What would change data if
 * it were allowed is left to the tests.
 */
export async function accessCheck(flags: JsonFlag & TargetFlag): Promise<void> {
  const startedAt = performance.now();
  const matrix = matrixOf(loaderTables(writtenTables()));
  const outcomes = await withAccess(flags.target, async (warehouse, { passwords, logins }) => {
    const cells = [...matrix, ...readersMatrixOf(logins)].filter((cell) => cell.harmful !== true);
    const known = new Set(Object.keys(passwords));
    const unknown = cells.find((cell) => cell.wrongPassword !== true && !known.has(cell.user));
    if (unknown) {
      throw new Failure(
        `The configured password of ${unknown.user} is not yet that of the stack: run pulumi up first`,
      );
    }
    // The log tables are made by their first flush.
    await warehouse.command("SYSTEM FLUSH LOGS");
    return runCells(warehouse, passwords, cells);
  });
  const cells = outcomes.map(({ cell }) => cell);
  const wrong = outcomes.filter(({ right }) => !right);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const lines = [...new Set(cells.map(({ user }) => user))].map((user) => {
    const own = cells.filter((cell) => cell.user === user);
    const allowed = own.filter(({ expected }) => expected === "ok").length;
    return `${user}: ${allowed} allowed, ${own.length - allowed} refused\n`;
  });
  const notTried = matrix.filter((cell) => cell.harmful === true).length;
  const answer = {
    cells: outcomes.map(({ cell: { user, action, expected }, code, right }) => ({
      user,
      action,
      expected,
      code,
      right,
    })),
    wrong: wrong.length,
    notTried,
  };
  const text = `${lines.join("")}All ${cells.length} cells are as declared (${seconds} s); ${notTried} that could change data are left to the tests.\n`;
  printAnswer(flags, answer, wrong.length === 0 ? text : "");
  if (wrong.length === 0) return;
  const list = wrong.map((outcome) => `${formatOutcome(outcome)}, wanted ${String(outcome.cell.expected)}`);
  throw new Failure(`${wrong.length} of ${cells.length} cells are not as declared: ${list.join("; ")}`);
}
