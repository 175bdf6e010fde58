import { Failure } from "../../warehouse/failure";
import { MATRIX, runCells, spellOutcome } from "../../warehouse/access/matrix/run";
import { withAccess } from "../access-target";

/**
 * Tries the whole table of rights against the running server, as each user; nothing is changed. What would change data if
 * it were allowed is left to the tests.
 */
export async function accessCheck(source: string | undefined): Promise<void> {
  const startedAt = performance.now();
  const cells = MATRIX.filter((cell) => cell.harmful !== true);
  const outcomes = await withAccess(source, async (warehouse, { passwords }) => {
    const known = new Set(Object.keys(passwords));
    const unknown = cells.find((cell) => cell.wrongPassword !== true && !known.has(cell.user));
    if (unknown) {
      throw new Failure(
        `The stack is not at the configured password of ${unknown.user}: run pulumi up first`,
      );
    }
    // The log tables are made by their first flush.
    await warehouse.command("SYSTEM FLUSH LOGS");
    return runCells(warehouse.target.url, passwords, cells);
  });
  const wrong = outcomes.filter(({ right }) => !right);
  if (wrong.length > 0) {
    const list = wrong.map((outcome) => `${spellOutcome(outcome)}, wanted ${String(outcome.cell.expected)}`);
    throw new Failure(`${wrong.length} of ${cells.length} cells are not as declared: ${list.join("; ")}`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const users = [...new Set(cells.map(({ user }) => user))];
  for (const user of users) {
    const own = cells.filter((cell) => cell.user === user);
    const allowed = own.filter(({ expected }) => expected === "ok").length;
    process.stdout.write(`${user}: ${allowed} allowed, ${own.length - allowed} refused\n`);
  }
  process.stdout.write(
    `All ${cells.length} cells are as declared (${seconds} s); ${MATRIX.length - cells.length} that could change data are left to the tests.\n`,
  );
}
