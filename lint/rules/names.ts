import { writtenTables } from "../../loaders/sources";
import { AGREEMENTS, agreedOn, KEPT_EMPTY, neededRights } from "../../warehouse/access/agreements";
import { DATASETS } from "../../warehouse/datalens/datasets";
import type { Finding } from "../finding";
import type { StaticInspection } from "../inspection";

/** What agreements and sources name exists, there is no hidden inner table, and each object is created once. */
export function names(inspection: StaticInspection): Finding[] {
  return [
    ...unknownNames(inspection),
    ...outdatedAgreements(),
    ...hiddenTables(inspection),
    ...createdTwice(inspection),
  ];
}

/** An agreement stands in for a source that is still to come; once it has come, it speaks for itself. */
function outdatedAgreements(): Finding[] {
  const written = new Map(writtenTables().map(({ name, file }) => [name, file]));
  return agreedOn("INSERT").flatMap((object) => {
    const file = written.get(object);
    if (file === undefined) return [];
    const wrong = `is agreed here, and ${file} says it too`;
    return [{ file: AGREEMENTS, line: 1, object, wrong, expected: "no agreement beside a source" }];
  });
}

function unknownNames({ canon }: StaticInspection): Finding[] {
  const named = [
    ...neededRights(canon.keys(), writtenTables()).flatMap(({ on, file }) =>
      on.map((object) => ({ object, file })),
    ),
    ...Object.keys(KEPT_EMPTY).map((object) => ({ object, file: AGREEMENTS })),
    ...DATASETS.map(({ view }) => ({ object: view, file: "warehouse/datalens/datasets.ts" })),
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
