import { changeName, STATE_VARIABLE } from "../../warehouse/drift";
import { Failure } from "../../warehouse/failure";
import { refusedLogins } from "../../warehouse/login";
import { Journal } from "../../warehouse/schema/journal";
import { applyAccess } from "../../warehouse/access/apply";
import { fixableOf, statementsOf, sentence, withoutHashes } from "../../warehouse/access/difference";
import { differencesOf } from "../../warehouse/access/drift";
import { declaration } from "../../warehouse/access/read";
import { withAccess } from "../access-target";
import { inOrder } from "../interruption";
import { printAnswer, type JsonFlag, type TargetFlag } from "../command";

/** Prints what differs and the statements that fix it; changes nothing. Fails when something differs. */
export async function accessDiff(flags: JsonFlag & TargetFlag): Promise<void> {
  const differences = await withAccess(flags.target, differencesOf);
  const shown = differences.map((difference) => ({
    difference: difference.text,
    advice: difference.advice,
    statements: statementsOf([difference]).map(withoutHashes),
  }));
  const fixable = fixableOf(differences).length;
  const left = differences.length - fixable;
  const lines =
    differences.length === 0
      ? ["Access is as declared in sql/10_access.sql: nothing missing, nothing surplus."]
      : differences.flatMap((difference, i) => [
          sentence(difference),
          ...shown[i]!.statements.map((statement) => `    ${statement};`),
        ]);
  printAnswer(flags, { differences: shown, fixable, left }, `${lines.join("\n")}\n`);
  if (differences.length === 0) return;
  throw new Failure(
    `Access differs from its declaration: ${fixable} to be fixed by npx zakaz access apply (or make up), ${left} for you to decide`,
  );
}

/** Makes access as declared: missing rights are given, surplus ones revoked. What is not declared is reported. Once begun it ends. */
export async function accessApply(from: string | undefined): Promise<void> {
  const startedAt = performance.now();
  const { fixed, left } = await withAccess(from, async (warehouse, target) => {
    const journal = new Journal(warehouse);
    const apply = async () =>
      applyAccess(
        warehouse,
        declaration(target.logins),
        await refusedLogins(warehouse, target.passwords),
        async (fixes, statements, work) => {
          const next = await plannedName(journal);
          if (fixes.length === 0 && next === undefined) return work();
          const name = next ?? changeName(fixes.map(({ text }) => text));
          await journal.record("access", { kind: "access", name, statements }, async (step) => {
            await step(1);
            await work();
          });
        },
      );
    return inOrder(apply);
  });
  for (const difference of fixed) process.stdout.write(`Fixed: ${difference.text}\n`);
  for (const difference of left) process.stderr.write(`zakaz: warning: ${sentence(difference)}\n`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`Access is as declared in sql/10_access.sql (${fixed.length} fixed, ${seconds} s).\n`);
}

/**
 * The name of the change that the stack has foreseen, if it is still the next one. The stack can see by logging in that a
 * password differs; this command, which gets hashes only, cannot.
 */
async function plannedName(journal: Journal): Promise<string | undefined> {
  const { number } = await journal.revision("access");
  const prefix = `${number + 1}: `;
  const planned = process.env[STATE_VARIABLE];
  return planned?.startsWith(prefix) ? planned.slice(prefix.length) : undefined;
}
