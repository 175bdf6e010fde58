import type { Difference } from "./difference";
import type { Plan } from "./plan";

const REMEDIES = ["in place", "refused", "left alone"] as const;

/** A plan for people: object by object, what differs, what was wanted and found, and the statements that mend it. */
export function showPlan(plan: Plan, server: string): string {
  const { differences, pending, included } = plan;
  if (plan.changes.length === 0 && differences.length === 0) {
    return `${server} is as sql/ says: ${plan.databases.length} databases, ${plan.objects} tables and views, revision ${plan.revision.number}\n`;
  }
  const blocks = [
    ...pending.map(({ file, statements }) => `${file}: to be run first, ${statements.length} statements`),
    ...included.map(({ file }) => `${file}: to be noted as included`),
    ...[...new Set(differences.map(({ object }) => object))].map((object) =>
      [object, ...differences.filter((difference) => difference.object === object).map(shown)].join("\n"),
    ),
  ];
  const counts = REMEDIES.map((remedy) => ({
    remedy,
    count: differences.filter((difference) => difference.remedy === remedy).length,
  })).filter(({ count }) => count > 0);
  const hint = differences.some(({ remedy }) => remedy === "refused")
    ? "An apply stops at what is refused."
    : "Mend it with pulumi up, or npx zakaz schema apply.";
  const summary = `${differences.length} differences between ${server} and sql/: ${counts.map(({ remedy, count }) => `${count} ${remedy}`).join(", ")}.`;
  return `${[...blocks, `${summary} ${hint}`].join("\n\n")}\n`;
}

function shown({ aspect, wanted, found, remedy, reason, statements }: Difference): string {
  const lines = [
    `  ${aspect}   [${remedy}]`,
    ...(wanted === "" && found === ""
      ? []
      : [`    wanted  ${clipped(wanted)}`, `    found   ${clipped(found)}`]),
    ...(reason === undefined ? [] : [`    why     ${reason}`]),
    ...statements.map((statement) => `    mend    ${clipped(statement)};`),
  ];
  return lines.join("\n");
}

/** One line; the middle of a long text is left out. */
function clipped(text: string): string {
  const line = text === "" ? "-" : text.replace(/\s+/g, " ");
  return line.length > 160 ? `${line.slice(0, 110)} … ${line.slice(-45)}` : line;
}
