import { changeName } from "../../warehouse/drift";
import { Failure } from "../../warehouse/failure";
import { Journal } from "../../warehouse/schema/journal";
import { applyAccess } from "../../warehouse/access/apply";
import { mendable, mendingStatements, sentence, withoutHashes } from "../../warehouse/access/difference";
import { differencesOf, refusedUsers } from "../../warehouse/access/drift";
import { declaration } from "../../warehouse/access/read";
import { withAccess } from "../access-target";

/** Environment variable in which the stack says what it expects the journal to be at after this apply. */
const PLAN = "ZAKAZ_STATE";

/** Prints what differs and the statements that mend it; changes nothing. Fails when something differs. */
export async function accessDiff(source: string | undefined): Promise<void> {
  const differences = await withAccess(source, differencesOf);
  for (const difference of differences) {
    process.stdout.write(`${sentence(difference)}\n`);
    for (const statement of mendingStatements([difference])) {
      process.stdout.write(`    ${withoutHashes(statement)};\n`);
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
      await refusedUsers(target),
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
