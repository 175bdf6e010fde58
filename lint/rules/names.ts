import { NAMES, OBJECTS } from "../agreements";
import type { Finding } from "../finding";
import type { StaticInspection } from "../inspection";

const LIST = "ops/schema/declared.ts";

/** The databases hold exactly the declared names, no hidden inner tables among them, and each is created once. */
export function names({ schema, canon, live }: StaticInspection): Finding[] {
  const statements = schema.flatMap(({ statements }) => statements);
  const findings: Finding[] = [];
  for (const object of OBJECTS) {
    if (live.has(object) || canon.has(object)) continue;
    const expected = "one CREATE statement in sql/";
    findings.push({ file: LIST, line: 1, object, wrong: "no file in sql/ creates it", expected });
  }
  for (const object of live.keys()) {
    if (OBJECTS.includes(object)) continue;
    const database = object.split(".")[0] ?? "";
    const from = canon.get(object) ?? statements.find(({ kind }) => kind === "create_materialized_view");
    const inner = object.includes("..inner");
    findings.push({
      file: from?.file ?? LIST,
      line: from?.line ?? 1,
      object: inner ? `${database}..inner…` : object,
      wrong: inner ? "a hidden table of a materialized view" : `is not in the list of ${LIST}`,
      expected: inner
        ? "a materialized view with TO"
        : `exactly the ${NAMES[database as keyof typeof NAMES].length} names of ${database}`,
    });
  }
  for (const statement of statements) {
    const { kind, object } = statement;
    if (!kind.startsWith("create_") || object === undefined) continue;
    const first = canon.get(object);
    if (first === undefined || first === statement) continue;
    const wrong = `is created a second time, first in ${first.file}:${first.line}`;
    findings.push({ ...place(statement), object, wrong, expected: "one CREATE statement in sql/" });
  }
  return findings;
}

function place({ file, line }: { file: string; line: number }): { file: string; line: number } {
  return { file, line };
}
