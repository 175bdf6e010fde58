import type { Writable } from "node:stream";
import { AccessQueue, AccessRefused, isAccessStatement } from "./access";
import type { ClientArguments } from "./arguments";
import { ServerError, type Session } from "./session";
import type { Statement } from "../../sql/split";

/** A failed statement: its number from 1, and the reason. */
export class StatementFailed extends Error {
  constructor(
    readonly number: number,
    readonly reason: Error,
  ) {
    super(reason.message);
  }
}

/** Unknown user, role, profile or quota, or a missing right: what collected access statements may mend. */
const mendedByAccess = new Set([180, 192, 199, 497, 511]);

/** Statements that read, or write through a view's definer, must meet the rights that the script gave before them. */
const independent = /^(CREATE|ALTER|DROP|SET|USE|ATTACH|DETACH|RENAME|EXCHANGE|TRUNCATE|OPTIMIZE|SYSTEM)$/i;

/** Runs the statements in order and stops at the first that fails (StatementFailed). */
export async function runStatements(
  statements: Statement[],
  args: ClientArguments,
  session: Session,
  io: { output: Writable; data: NodeJS.ReadStream; errors: Writable },
): Promise<void> {
  const access = new AccessQueue(args);

  const flush = async () => {
    if (await access.flush()) await session.resume();
  };
  const run = async (statement: Statement) => {
    if (!independent.test(statement.words[0] ?? "")) await flush();
    else await access.check();
    const data = statement.wantsData ? io.data : undefined;
    try {
      await session.run(statement.text, io.output, data);
    } catch (error) {
      const mendable = error instanceof ServerError && mendedByAccess.has(error.code) && !access.empty;
      await flush();
      if (!mendable) throw error;
      await session.run(statement.text, io.output, data);
    }
  };

  for (const [index, statement] of statements.entries()) {
    const number = index + 1;
    if (isAccessStatement(statement.words)) {
      access.add(number, statement.text);
      continue;
    }
    const startedAt = performance.now();
    await numbered(number, () => run(statement));
    if (args.time) io.errors.write(`${((performance.now() - startedAt) / 1000).toFixed(3)}\n`);
  }
  await numbered(statements.length, flush);
}

async function numbered(number: number, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new StatementFailed(error instanceof AccessRefused ? error.number : number, error as Error);
  }
}
