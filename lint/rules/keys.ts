import { isSignificant, tokenize } from "../../warehouse/sql/lexer";
import { at, type Finding } from "../finding";
import { createdObjects, type Inspection } from "../inspection";
import type { ObjectModel } from "../../warehouse/schema/model";
import { keyColumns } from "./tables";

const CHANGING =
  /\b(now|now64|today|yesterday|rand\w*|generate\w*|current\w*|serverUUID|hostName|getSetting)\s*\(/;

/** Partitions: a function of the key alone, so that all versions of a row meet in one. TTL: over days and timestamps. */
export function keys(inspection: Inspection): Finding[] {
  return createdObjects(inspection, "create_table").flatMap(({ object, statement }) => {
    const findings: Finding[] = [];
    const { partitionKey, sortingKey, name } = object;
    const columns = object.columns.map((column) => column.name);
    const key = keyColumns(object);
    const changing = CHANGING.exec(`${partitionKey} ${sortingKey}`)?.[1];
    if (changing !== undefined)
      findings.push(
        at(
          statement,
          name,
          `${changing}() in a key: PARTITION BY ${partitionKey}`,
          "a deterministic key",
          "PARTITION",
        ),
      );
    for (const column of columnsIn(partitionKey, columns)) {
      if (key.includes(column)) continue;
      const wrong = `PARTITION BY ${partitionKey}: ${column} is not in ORDER BY (${sortingKey}), two versions of a row would never meet`;
      findings.push(at(statement, name, wrong, "a partition over key columns only", "PARTITION"));
    }
    if (key.includes("_ver") || key.includes("_loaded_at"))
      findings.push(
        at(
          statement,
          name,
          `ORDER BY (${sortingKey})`,
          "the natural key without _ver and _loaded_at",
          "ORDER",
        ),
      );
    for (const ttl of ttls(object.model)) {
      const over = columnsIn(ttl, columns);
      const types = object.columns.filter((column) => over.includes(column.name)).map(({ type }) => type);
      if (types.length === 1 && types.every((type) => /^Date(?:Time\('Europe\/Moscow'\))?$/.test(type)))
        continue;
      findings.push(at(statement, name, `TTL ${ttl}`, "TTL over one Date or DateTime column", "TTL"));
    }
    return findings;
  });
}

function columnsIn(expression: string, columns: string[]): string[] {
  const words = tokenize(expression)
    .filter(isSignificant)
    .map(({ text }) => text.replaceAll("`", ""));
  return columns.filter((column) => words.includes(column));
}

/** The expressions behind TTL, of columns and of the table. */
function ttls({ columns, ...model }: ObjectModel): string[] {
  return [...columns.map(({ ttl }) => ttl), "ttl" in model ? model.ttl : undefined].filter(
    (ttl) => ttl !== undefined,
  );
}
