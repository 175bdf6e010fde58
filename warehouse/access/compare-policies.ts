import type { Difference, Step } from "./difference";
import { formatNames, own, HIDDEN, type NamedCollection, type RowPolicy } from "./state";
import { quoteIfNeeded, quoteText } from "../sql/quote";

/**
 * A declared row policy (`live` undefined: there is none).
 * @param name `policy ON database.table`, as the server spells it
 */
export function comparePolicy(name: string, declared: RowPolicy, live: RowPolicy | undefined): Difference[] {
  const wanted = formatPolicy(declared);
  const step = (verb: string): Step[] => [
    { when: "row policy", sql: `${verb} ROW POLICY ${name} ${wanted}` },
  ];
  if (!live) return [{ text: `the row policy ${name} is missing`, steps: step("CREATE") }];
  const found = formatPolicy(live);
  if (found === wanted) return [];
  return [{ text: `the row policy ${name} is ${found}, declared ${wanted}`, steps: step("ALTER") }];
}

function formatPolicy({ filter, restrictive, to }: RowPolicy): string {
  const kind = restrictive ? "RESTRICTIVE" : "PERMISSIVE";
  return `FOR SELECT USING ${filter} AS ${kind} TO ${formatNames(to)}`;
}

/** A declared named collection: its keys, and their values as far as the server shows them. No sentence holds a value. */
export function compareCollection(
  name: string,
  { values }: NamedCollection,
  live: NamedCollection | undefined,
): Difference[] {
  const quoted = quoteIfNeeded(name);
  const assign = (keys: string[]): string =>
    keys.map((key) => `${quoteIfNeeded(key)} = ${quoteText(values[key]!)}`).join(", ");
  if (!live) {
    const sql = `CREATE NAMED COLLECTION IF NOT EXISTS ${quoted} AS ${assign(Object.keys(values))}`;
    return [{ text: `the named collection ${name} is missing`, steps: [{ when: "collection", sql }] }];
  }
  const changed = Object.keys(values).filter((key) => {
    const found = own(live.values, key);
    return found !== values[key] && found !== HIDDEN;
  });
  const surplus = Object.keys(live.values).filter((key) => own(values, key) === undefined);
  if (changed.length + surplus.length === 0) return [];
  const clauses = [
    ...(changed.length === 0 ? [] : [`SET ${assign(changed)}`]),
    ...(surplus.length === 0 ? [] : [`DELETE ${surplus.map(quoteIfNeeded).join(", ")}`]),
  ];
  const sql = `ALTER NAMED COLLECTION ${quoted} ${clauses.join(" ")}`;
  const says = [
    ...(changed.length === 0 ? [] : [`has other values of ${changed.join(", ")} than declared`]),
    ...(surplus.length === 0 ? [] : [`has ${surplus.join(", ")}, which is not declared`]),
  ];
  return [
    { text: `the named collection ${name} ${says.join(" and ")}`, steps: [{ when: "collection", sql }] },
  ];
}
