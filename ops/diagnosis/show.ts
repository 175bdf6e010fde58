import { styleText } from "node:util";
import type { Finding } from "./explain";
import type { Trouble } from "./trouble";

/** What was found, for people. */
export function showDiagnosis(
  minutes: number,
  findings: readonly Finding[],
  normal: readonly Trouble[],
): string {
  const lines =
    findings.length === 0
      ? [`Nothing has gone wrong in the last ${minutes} minutes that was not put right since.`]
      : findings.flatMap(({ cause, sentence, times, at, statement, said }) => [
          `${styleText("red", cause, { stream: process.stdout })}: ${sentence}.`,
          ...(at === ""
            ? []
            : [`    seen       ${times === 1 ? "once" : `${times} times, the last`} at ${at} Moscow time`]),
          ...(statement === null ? [] : [`    statement  ${statement}`]),
          ...(said === "" || sentence.includes(said) ? [] : [`    said       ${said}`]),
          "",
        ]);
  if (normal.length > 0) lines.push(`No fault: ${countNormal(normal)}.`);
  return `${lines.join("\n").trimEnd()}\n`;
}

/** Statements that somebody may not run or has mistyped, by who and what. */
export function countNormal(normal: readonly Trouble[]): string {
  const counts = new Map<string, number>();
  for (const { who, said } of normal) {
    const name = `${who} ${/^code \d+ (\w+)/.exec(said)?.[1] ?? "refused"}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, times]) => (times === 1 ? name : `${name} ${times} times`)).join(", ");
}
