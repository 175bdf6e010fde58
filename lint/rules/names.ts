import { AGREEMENTS, KEPT_EMPTY, neededRights } from "../agreements";
import type { Finding } from "../finding";
import type { StaticInspection } from "../inspection";

/** What agreements and sources name exists, there is no hidden inner table, and each object is created once. */
export function names(inspection: StaticInspection): Finding[] {
  return [...unknownNames(inspection), ...hiddenTables(inspection), ...createdTwice(inspection)];
}

function unknownNames({ canon }: StaticInspection): Finding[] {
  const named = [
    ...neededRights(canon.keys()).flatMap(({ on, file }) => on.map((object) => ({ object, file }))),
    ...Object.keys(KEPT_EMPTY).map((object) => ({ object, file: AGREEMENTS })),
  ];
  return named
    .filter(({ object }) => !object.startsWith("system.") && !canon.has(object.replace(/\.\*$/, "")))
    .map(({ object, file }) => ({
      file,
      line: 1,
      object,
      wrong: "is named here, and no file in sql/ creates it",
      expected: "one CREATE statement in sql/",
    }));
}

function hiddenTables({ schema, canon, live }: StaticInspection): Finding[] {
  const view = schema
    .flatMap(({ statements }) => statements)
    .find(({ kind }) => kind === "create_materialized_view");
  return [...live.keys()]
    .filter((object) => !canon.has(object))
    .map((object) => ({
      file: view?.file ?? "sql/",
      line: view?.line ?? 1,
      object: `${object.split(".")[0]}..inner…`,
      wrong: "a hidden table of a materialized view",
      expected: "a materialized view with TO",
    }));
}

function createdTwice({ schema, canon }: StaticInspection): Finding[] {
  return schema
    .flatMap(({ statements }) => statements)
    .flatMap((statement) => {
      const { kind, object, file, line } = statement;
      if (!kind.startsWith("create_") || object === undefined) return [];
      const first = canon.get(object);
      if (first === undefined || first === statement) return [];
      const wrong = `is created a second time, first in ${first.file}:${first.line}`;
      return [{ file, line, object, wrong, expected: "one CREATE statement in sql/" }];
    });
}
