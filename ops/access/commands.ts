import { changeName, type Drift } from "../drift";
import { Failure } from "../failure";
import { readDrift } from "../read-drift";
import { Journal } from "../schema/journal";
import type { AccessTarget } from "../target";
import type { Warehouse } from "../warehouse";
import { applyAccess } from "./apply";
import { mendable, mendingStatements, sentence, type Difference } from "./difference";
import { refusedLogins } from "./login";
import { declaration, readDifferences } from "./read";
import { withAccess } from "./target";

/** Environment variable in which the stack says what it expects the journal to be at after this apply. */
const PLAN = "ZAKAZ_STATE";

/** Prints what differs and the statements that mend it; changes nothing. Fails when something differs. */
export async function accessDiff(source: string | undefined): Promise<void> {
  const differences = await withAccess(source, read);
  for (const difference of differences) {
    process.stdout.write(`${sentence(difference)}\n`);
    for (const statement of mendingStatements([difference])) {
      process.stdout.write(`    ${withoutHash(statement)};\n`);
    }
  }
  if (differences.length === 0) {
    process.stdout.write("Access is as declared in sql/10_access.sql: nothing missing, nothing surplus.\n");
    return;
  }
  const mended = mendable(differences).length;
  const left = differences.length - mended;
  throw new Failure(
    `Access differs from its declaration: ${mended} to be mended by npx zakaz access apply (or make up), ${left} for you to decide`,
  );
}

/** Makes access as declared: missing rights are given, surplus ones revoked. What nobody declared is reported. */
export async function accessApply(source: string | undefined): Promise<void> {
  const startedAt = performance.now();
  const { mended, left } = await withAccess(source, async (warehouse, target) => {
    const journal = new Journal(warehouse);
    return applyAccess(
      warehouse,
      declaration(target.logins),
      await refused(target),
      async (mend, statements, work) => {
        const next = await plannedName(journal);
        if (mend.length === 0 && next === undefined) return work();
        const name = next ?? changeName(mend.map(({ text }) => text));
        await journal.record("access", { kind: "access", name, statements }, async (step) => {
          await step(1);
          await work();
        });
      },
    );
  });
  for (const difference of mended) process.stdout.write(`Mended: ${difference.text}\n`);
  for (const difference of left) process.stderr.write(`zakaz: warning: ${sentence(difference)}\n`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(
    `Access is as declared in sql/10_access.sql (${mended.length} mended, ${seconds} s).\n`,
  );
}

/** Prints for the program how the server stands (JSON, see ops/drift.ts); changes nothing. */
export async function accessState(source: string | undefined, waitSeconds: number): Promise<void> {
  const state = await withAccess(source, (warehouse, target) =>
    readDrift(() => stateOf(warehouse, target), waitSeconds),
  );
  process.stdout.write(`${JSON.stringify(state)}\n`);
}

async function stateOf(warehouse: Warehouse, target: AccessTarget): Promise<Drift> {
  const [{ number, name }, differences] = await Promise.all([
    new Journal(warehouse).revision("access"),
    read(warehouse, target),
  ]);
  return {
    answered: true,
    revision: number,
    name,
    differences: mendable(differences).map(({ text }) => text),
    refused: [],
    notes: differences.filter(({ steps }) => steps.length === 0).map(sentence),
  };
}

async function read(warehouse: Warehouse, target: AccessTarget): Promise<Difference[]> {
  const { differences } = await readDifferences(warehouse, declaration(target.logins), await refused(target));
  return differences;
}

function refused({ warehouse, passwords }: AccessTarget): Promise<string[]> {
  return refusedLogins(warehouse.url, passwords);
}

/**
 * The name of the change that the stack has foreseen, if it is still the next one. The stack can see by logging in that a
 * password differs; this command, which gets hashes only, cannot.
 */
async function plannedName(journal: Journal): Promise<string | undefined> {
  const { number } = await journal.revision("access");
  const prefix = `${number + 1}: `;
  const plan = process.env[PLAN];
  return plan?.startsWith(prefix) ? plan.slice(prefix.length) : undefined;
}

function withoutHash(statement: string): string {
  return statement.replaceAll(/\b[0-9a-f]{64}\b/g, "…");
}
