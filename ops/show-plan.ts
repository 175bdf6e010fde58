import type { Difference } from "../warehouse/schema/difference";
import { unpermittedMigrations, type Plan } from "../warehouse/schema/plan";

const REMEDIES = ["in place", "refused", "left alone"] as const;

/** A plan for people: object by object, what differs, what was wanted and found, and the statements that mend it. */
export function showPlan(plan: Plan, server: string): string {
  const { differences, pending, included } = plan;
  if (plan.changes.length === 0 && differences.length === 0) {
    return `${server} is as sql/ says: ${plan.databases.length} databases, ${plan.objects} tables and views, revision ${plan.revision.number}\n`;
  }
  const blocks = [
    ...pending.map(({ file, statements }) => `${file}: to be run first, ${statements.length} statements`),
    ...unpermittedMigrations(plan, []),
    ...included.map(({ file }) => `${file}: to be noted as included`),
    ...[...new Set(differences.map(({ object }) => object))].map((object) =>
      [object, ...differences.filter((difference) => difference.object === object).map(shown)].join("\n"),
    ),
  ];
  return `${[...blocks, summary(plan, server)].join("\n\n")}\n`;
}

function summary({ differences, refused, changes }: Plan, server: string): string {
  const counts = REMEDIES.map((remedy) => ({
    remedy,
    count: differences.filter((difference) => difference.remedy === remedy).length,
  })).filter(({ count }) => count > 0);
  const noun = differences.length === 1 ? "difference" : "differences";
  const parts = [
    `${differences.length} ${noun} between ${server} and sql/`,
    counts.length === 0 ? "." : `: ${counts.map(({ remedy, count }) => `${count} ${remedy}`).join(", ")}.`,
    refused.length > 0 ? " An apply stops at what is refused." : "",
    refused.length === 0 && changes.length > 0 ? " Mend it with pulumi up, or npx zakaz schema apply." : "",
  ];
  return parts.join("");
}

function shown({ aspect, wanted, found, remedy, reason, statements }: Difference): string {
  const lines = [
    `  ${aspect}   [${remedy}]`,
    ...(wanted === "" && found === ""
      ? []
      : [`    wanted  ${clipped(wanted, found)}`, `    found   ${clipped(found, wanted)}`]),
    ...(reason === undefined ? [] : [`    why     ${reason}`]),
    ...statements.map((statement) => `    mend    ${clipped(statement, statement)};`),
  ];
  return lines.join("\n");
}

const WIDTH = 140;

/** One line; of a long text, the part from where it begins to differ from the other one. */
function clipped(text: string, other: string): string {
  const [line, against] = [text, other].map((one) => one.replace(/\s+/g, " ")) as [string, string];
  if (line === "") return "-";
  if (line.length <= WIDTH) return line;
  const differs = [...line].findIndex((letter, i) => letter !== against[i]);
  const start = differs < WIDTH / 2 ? 0 : differs - 30;
  const end = start + WIDTH;
  return `${start > 0 ? "… " : ""}${line.slice(start, end)}${end < line.length ? " …" : ""}`;
}
