import { describeDifference, type Difference } from "../warehouse/schema/difference";
import { unpermittedMigrations, type Plan } from "../warehouse/schema/plan";

const FIXES = ["in place", "refused", "left alone"] as const;

/** A plan for people: object by object, what differs, what was wanted and found, and the statements that fix it. */
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
      [
        object,
        ...differences.filter((difference) => difference.object === object).map(formatDifference),
      ].join("\n"),
    ),
  ];
  return `${[...blocks, summary(plan, server)].join("\n\n")}\n`;
}

/** A plan as JSON. */
export function planAnswer(plan: Plan, server: string): object {
  const { databases, objects, revision, differences, pending, included, changes, refused } = plan;
  return {
    server,
    databases,
    objects,
    revision: { number: revision.number, name: revision.name },
    differences,
    /** What stops an apply. */
    refused: refused.map(describeDifference),
    pendingMigrations: pending.map(({ file, statements }) => ({ file, statements: statements.length })),
    includedMigrations: included.map(({ file }) => file),
    neededPermissions: unpermittedMigrations(plan, []),
    changes,
  };
}

function summary({ differences, refused, changes }: Plan, server: string): string {
  const counts = FIXES.map((fix) => ({
    fix,
    count: differences.filter((difference) => difference.fix === fix).length,
  })).filter(({ count }) => count > 0);
  const noun = differences.length === 1 ? "difference" : "differences";
  const parts = [
    `${differences.length} ${noun} between ${server} and sql/`,
    counts.length === 0 ? "." : `: ${counts.map(({ fix, count }) => `${count} ${fix}`).join(", ")}.`,
    refused.length > 0 ? " An apply stops at what is refused." : "",
    refused.length === 0 && changes.length > 0 ? " Fix it with pulumi up, or npx zakaz schema apply." : "",
  ];
  return parts.join("");
}

function formatDifference({ aspect, wanted, found, fix, reason, statements }: Difference): string {
  const lines = [
    `  ${aspect}   [${fix}]`,
    ...(wanted === "" && found === ""
      ? []
      : [`    wanted  ${clip(wanted, found)}`, `    found   ${clip(found, wanted)}`]),
    ...(reason === undefined ? [] : [`    why     ${reason}`]),
    ...statements.map((statement) => `    fix     ${clip(statement, statement)};`),
  ];
  return lines.join("\n");
}

const WIDTH = 140;

/** One line; of a long text, the part from where it begins to differ from the other one. */
function clip(text: string, other: string): string {
  const [line, against] = [text, other].map((one) => one.replace(/\s+/g, " ")) as [string, string];
  if (line === "") return "-";
  if (line.length <= WIDTH) return line;
  const differs = [...line].findIndex((letter, i) => letter !== against[i]);
  const start = differs < WIDTH / 2 ? 0 : differs - 30;
  const end = start + WIDTH;
  return `${start > 0 ? "… " : ""}${line.slice(start, end)}${end < line.length ? " …" : ""}`;
}
