import { isSignificant, tokenize } from "../sql/lexer";
import { Failure, StatementFailure } from "../failure";
import type { Warehouse } from "../client";
import { asAdmin } from "../queries";
import type { Difference } from "./difference";
import type { SqlStatement } from "./source";

/**
 * Seeds whose rows differ from the table. A seed is an INSERT … SELECT that selects only rows that differ, so what it
 * selects is the difference.
 * @param differences of the tables: before its table is fixed, a seed may not be countable
 */
export async function seedDifferences(
  warehouse: Warehouse,
  seeds: SqlStatement[],
  differences: Difference[],
): Promise<Difference[]> {
  const found: Difference[] = [];
  const isChanging = (object: string) =>
    differences.some((difference) => difference.object === object && difference.fix !== "left alone");
  for (const { file, line, text, object = "" } of seeds) {
    const select = tokenize(text).find(
      (token) => isSignificant(token) && token.kind === "word" && /^(SELECT|WITH)$/i.test(token.text),
    );
    if (select === undefined)
      throw new Failure(`${file}:${line} must be INSERT … SELECT of the rows that differ`);
    const rows = await count(warehouse, text.slice(select.start), isChanging(object));
    if (rows === 0) continue;
    found.push({
      object,
      aspect: `rows of ${file}`,
      wanted: "as in the file",
      found: rows === undefined ? "not known before the table is fixed" : `${rows} rows differ`,
      fix: "in place",
      statements: [text],
    });
  }
  return found;
}

async function count(warehouse: Warehouse, select: string, isChanging: boolean): Promise<number | undefined> {
  try {
    const [row] = await warehouse.rows<{ rows: number }>(asAdmin`SELECT count() AS rows FROM (${select})`);
    return row?.rows ?? 0;
  } catch (error) {
    if (isChanging && error instanceof StatementFailure) return undefined;
    throw error;
  }
}
