import type { Finding } from "../finding";
import type { Inspection } from "../inspection";
import type { ColumnList } from "../code/column-lists";

/** Lists of columns in the code: each column exists, stands in the table's order, and none without a default is left out. */
export function columnLists({ columnLists: lists, canon, live }: Inspection): Finding[] {
  return lists.flatMap((list) => {
    const { file, line, table, columns } = list;
    const found = live.get(table);
    const add = (object: string, wrong: string, expected: string): Finding => ({
      file,
      line,
      object,
      wrong,
      expected,
      harmless: true,
    });
    if (found === undefined && canon.has(table)) return [];
    if (found === undefined) return [add(table, "names a table that does not exist", "a table of sql/")];
    const known = found.columns.map(({ name }) => name);
    const findings = columns
      .filter((column) => !known.includes(column))
      .map((column) =>
        add(`${table}.${column}`, "names a column that does not exist", `one of ${known.join(", ")}`),
      );
    return list.writes && findings.length === 0
      ? writeFaults(list, known, requiredColumns(found.columns), add)
      : findings;
  });
}

type Add = (object: string, wrong: string, expected: string) => Finding;

function writeFaults({ table, columns }: ColumnList, known: string[], needed: string[], add: Add): Finding[] {
  const findings = needed
    .filter((column) => !columns.includes(column))
    .map((column) => add(`${table}.${column}`, "is not written", "a value: the column has no default"));
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined)
    findings.push(add(`${table}.${twice}`, "is written twice in one row", "each column once"));
  const inOrder = known.filter((column) => columns.includes(column));
  const stray = inOrder.find((column, i) => columns[i] !== column);
  if (twice === undefined && stray !== undefined)
    findings.push(
      add(
        `${table}.${stray}`,
        `stands in another position than in the table: ${columns.join(", ")}`,
        inOrder.join(", "),
      ),
    );
  return findings;
}

function requiredColumns(columns: { name: string; defaultKind: string }[]): string[] {
  return columns.filter(({ defaultKind }) => defaultKind === "").map(({ name }) => name);
}
