import { describeRefusal, type Finding } from "../finding";
import type { Inspection } from "../inspection";
import { NotAnObject, parseObject, type Column, type ObjectModel } from "../../warehouse/schema/model";
import { StatementFailure } from "../../warehouse/failure";
import type { SqlStatement } from "../../warehouse/schema/source";
import { asAdmin } from "../../warehouse/queries";

/** A second file that creates an object of the schema says the same as `sql/`, to the last setting. */
export async function secondDefinitions({ schema, others, canon, scratch }: Inspection): Promise<Finding[]> {
  const seconds = [...schema, ...others]
    .flatMap(({ statements }) => statements)
    .filter(({ kind, object }) => /^create_(?!database)/.test(kind) && object !== undefined)
    .filter(
      (statement) => canon.has(statement.object ?? "") && canon.get(statement.object ?? "") !== statement,
    );
  const compared = seconds.map(async (second): Promise<Finding[]> => {
    const first = canon.get(second.object ?? "")!;
    try {
      const [wanted, found] = await Promise.all([first, second].map(read));
      return contradictions(wanted!, found!).map((contradiction) => finding(first, second, contradiction));
    } catch (error) {
      if (!(error instanceof StatementFailure || error instanceof NotAnObject)) throw error;
      const wrong = error instanceof StatementFailure ? describeRefusal(error) : error.message;
      return [finding(first, second, { what: "", wrong: `cannot be read: ${wrong}`, expected: "its text" })];
    }
  });
  return (await Promise.all(compared)).flat();

  async function read({ text }: SqlStatement): Promise<ObjectModel> {
    const [row] = await scratch.rows<{ q: string }>(asAdmin`SELECT formatQuery({q:String}) AS q`, {
      params: { q: text },
    });
    return parseObject(row?.q ?? "");
  }
}

interface Contradiction {
  /** Column, or empty for the object itself. */
  what: string;
  wrong: string;
  expected: string;
}

function finding(
  first: SqlStatement,
  second: SqlStatement,
  { what, wrong, expected }: Contradiction,
): Finding {
  const object = `${second.object}${what === "" ? "" : `.${what}`}`;
  const canon = `${expected} as in ${first.file}:${first.line}`;
  return { file: second.file, line: second.line, object, wrong, expected: canon, critical: true };
}

function contradictions(wanted: ObjectModel, found: ObjectModel): Contradiction[] {
  const result: Contradiction[] = [];
  const names = (model: ObjectModel): string => model.columns.map(({ name }) => name).join(", ");
  if (names(wanted) !== names(found))
    result.push({ what: "", wrong: `columns ${names(found)}`, expected: names(wanted) });
  for (const column of found.columns) {
    const canon = wanted.columns.find(({ name }) => name === column.name);
    if (canon === undefined || describeColumn(canon) === describeColumn(column)) continue;
    result.push({ what: column.name, wrong: describeColumn(column), expected: describeColumn(canon) });
  }
  const [ours, theirs] = [properties(wanted), properties(found)];
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    if (ours[key] === theirs[key]) continue;
    result.push({
      what: "",
      wrong: `${key} ${theirs[key] ?? "none"}`,
      expected: `${key} ${ours[key] ?? "none"}`,
    });
  }
  return result;
}

/** Type, default, codec, TTL and comment of a column on one line. */
function describeColumn({ type, default: value, codec, ttl, comment, rest }: Column): string {
  const parts = [
    type,
    value && `${value.kind} ${value.expression}`,
    codec,
    ttl && `TTL ${ttl}`,
    comment && `COMMENT '${comment}'`,
    rest,
  ];
  return parts.filter(Boolean).join(" ");
}

/** All but name and columns, by the word that says it in SQL. */
function properties(model: ObjectModel): Record<string, string | undefined> {
  if (model.kind !== "table") {
    const { kind, definer, sqlSecurity, to, select, comment, rest } = model;
    return {
      kind,
      DEFINER: definer,
      "SQL SECURITY": sqlSecurity,
      TO: to,
      AS: select,
      COMMENT: comment,
      rest,
    };
  }
  const settings = Object.entries(model.settings)
    .sort()
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ");
  return {
    kind: model.kind,
    ENGINE: model.engine,
    "PARTITION BY": model.partitionBy,
    "PRIMARY KEY": model.primaryKey,
    "ORDER BY": model.orderBy,
    "SAMPLE BY": model.sampleBy,
    TTL: model.ttl,
    SETTINGS: settings || undefined,
    COMMENT: model.comment,
    ...Object.fromEntries(model.entries.map(({ kind, name, definition }) => [`${kind} ${name}`, definition])),
  };
}
