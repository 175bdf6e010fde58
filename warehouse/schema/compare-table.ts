import { isSignificant, tokenize } from "../sql/lexer";
import { namesToMove } from "./column-order";
import { compareColumn } from "./compare-column";
import type { Difference } from "./difference";
import type { Entry, TableModel } from "./model";
import { columnDeclaration, entryDeclaration, quoteObject } from "./render";
import { quoteName, quoteText } from "../sql/quote";
import { compareTtl } from "./ttl";

/** Settings that ClickHouse writes into every table by itself, with its defaults. */
const BUILT_IN: Record<string, string> = { index_granularity: "8192" };

/** Parts of a table that are fixed when it is created. */
const FIXED = [
  ["engine", "engine"],
  ["partitionBy", "partition key"],
  ["primaryKey", "primary key"],
  ["orderBy", "sorting key"],
  ["sampleBy", "sampling key"],
] as const;

/**
 * What differs between a table of `sql/` and the live one, in the order in which it is to be fixed: columns, their order,
 * constraints, TTL, settings, comment.
 */
export function compareTable(wanted: TableModel, found: TableModel): Difference[] {
  const alter = `ALTER TABLE ${quoteObject(wanted.name)}`;
  const of = (difference: Omit<Difference, "object">): Difference => ({ object: wanted.name, ...difference });
  const keys = new Set(
    FIXED.flatMap(([part]) => tokenize(wanted[part] ?? ""))
      .filter(isSignificant)
      .map((token) => token.text.replaceAll("`", "")),
  );

  return [
    ...FIXED.filter(([part]) => wanted[part] !== found[part]).map(([part, aspect]) =>
      of({
        aspect,
        wanted: wanted[part] ?? "",
        found: found[part] ?? "",
        fix: "refused",
        reason: `the ${aspect} of a table is fixed, its rows must be copied into a new one`,
        statements: [],
      }),
    ),
    ...compareColumns(wanted, found, alter, keys).map(of),
    ...compareConstraints(wanted, found, alter).map(of),
    ...compareOtherEntries(wanted, found, alter).map(of),
    ...compareTtl("TTL", wanted.ttl, found.ttl, {
      set: `${alter} MODIFY TTL ${wanted.ttl}`,
      remove: `${alter} REMOVE TTL`,
    }).map(of),
    ...compareSettings(wanted, found, alter).map(of),
    ...((wanted.comment ?? "") === (found.comment ?? "")
      ? []
      : [
          of({
            aspect: "comment",
            wanted: wanted.comment ?? "",
            found: found.comment ?? "",
            fix: "in place",
            statements: [`${alter} MODIFY COMMENT ${quoteText(wanted.comment ?? "")}`],
          }),
        ]),
  ];
}

type Part = Omit<Difference, "object">;

function compareColumns(wanted: TableModel, found: TableModel, alter: string, keys: Set<string>): Part[] {
  const live = new Map(found.columns.map((column) => [column.name, column]));
  const names = new Set(wanted.columns.map(({ name }) => name));
  const parts: Part[] = [];
  // The order of the columns that both know, once what is missing has been added.
  const order = found.columns.map(({ name }) => name).filter((name) => names.has(name));
  const position = (i: number) => (i === 0 ? "FIRST" : `AFTER ${quoteName(wanted.columns[i - 1]!.name)}`);

  wanted.columns.forEach((column, i) => {
    const present = live.get(column.name);
    if (present !== undefined) {
      parts.push(...compareColumn(column, present, alter, keys.has(column.name)));
      return;
    }
    order.splice(i === 0 ? 0 : order.indexOf(wanted.columns[i - 1]!.name) + 1, 0, column.name);
    parts.push({
      aspect: `column ${column.name} missing`,
      wanted: columnDeclaration(column),
      found: "",
      fix: "in place",
      statements: [`${alter} ADD COLUMN IF NOT EXISTS ${columnDeclaration(column)} ${position(i)}`],
    });
  });
  const wantedOrder = wanted.columns.map(({ name }) => name);
  const moved = namesToMove(wantedOrder, order);
  if (moved.length > 0) {
    const statements = moved.map((name) => {
      const i = wantedOrder.indexOf(name);
      return `${alter} MODIFY COLUMN ${quoteName(name)} ${wanted.columns[i]!.type} ${position(i)}`;
    });
    parts.push({
      aspect: "order of columns",
      wanted: wantedOrder.join(", "),
      found: found.columns.map(({ name }) => name).join(", "),
      fix: "in place",
      statements,
    });
  }
  const extra = found.columns.filter(({ name }) => !names.has(name));
  const surplus = extra.map((column): Part => ({
    aspect: `column ${column.name} is not in sql/`,
    wanted: "",
    found: columnDeclaration(column),
    fix: "left alone",
    reason: "it may hold data, so it is left alone: drop it by a file in sql/migrations/",
    statements: [],
  }));
  return [...parts, ...surplus];
}

/** Constraints hold no data. They are made anew from the first that differs, as ClickHouse adds at the end. */
function compareConstraints(wanted: TableModel, found: TableModel, alter: string): Part[] {
  const [want, have] = [wanted, found].map((table) =>
    table.entries.filter(({ kind }) => kind === "CONSTRAINT"),
  ) as [Entry[], Entry[]];
  const first = [...want, ...have].findIndex((_, i) => !sameEntry(want[i], have[i]));
  if (first < 0) return [];
  const commands = [
    ...have.slice(first).map(({ name }) => `DROP CONSTRAINT ${quoteName(name)}`),
    ...want.slice(first).map((entry) => `ADD ${entryDeclaration(entry)}`),
  ];
  const definitionOf = (entries: Entry[], name: string) =>
    entries.find((entry) => entry.name === name)?.definition ?? "";
  const changed = [...new Set([...want, ...have].map(({ name }) => name))]
    .map((name) => ({ name, wanted: definitionOf(want, name), found: definitionOf(have, name) }))
    .filter((entry) => entry.wanted !== entry.found);
  const parts = changed.map((entry): Part => {
    const { name, ...definitions } = entry;
    const stricter = entry.wanted !== "" && entry.found !== "" && !allowsMore(entry.found, entry.wanted);
    return {
      aspect: `constraint ${name}`,
      ...definitions,
      fix: stricter ? "refused" : "in place",
      ...(stricter ? { reason: "rows that are there may break it, and no value may be lost" } : {}),
      statements: [],
    };
  });
  if (parts.length === 0) {
    const names = (entries: Entry[]) => entries.map(({ name }) => name).join(", ");
    parts.push({
      aspect: "order of constraints",
      wanted: names(want),
      found: names(have),
      fix: "in place",
      statements: [],
    });
  }
  if (parts.every(({ fix }) => fix === "in place"))
    parts[0]!.statements = [`${alter} ${commands.join(", ")}`];
  return parts;
}

function sameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  return a?.name === b?.name && a?.definition === b?.definition;
}

/** `CHECK x IN ('a')` → `CHECK x IN ('a', 'b')`. */
function allowsMore(found: string, wanted: string): boolean {
  const parse = (definition: string) => {
    const match = /^(.+ IN )\((.+)\)$/.exec(definition);
    const values = tokenize(match?.[2] ?? "").filter((token) => isSignificant(token) && token.text !== ",");
    return { head: match?.[1], values: values.map((token) => token.text) };
  };
  const [from, to] = [parse(found), parse(wanted)];
  return (
    from.head !== undefined &&
    from.head === to.head &&
    from.values.every((value) => to.values.includes(value))
  );
}

function compareOtherEntries(wanted: TableModel, found: TableModel, alter: string): Part[] {
  const others = (table: TableModel) => table.entries.filter(({ kind }) => kind !== "CONSTRAINT");
  const key = (entry: Entry) => `${entry.kind.toLowerCase()} ${entry.name}`;
  const [want, have] = [wanted, found].map(
    (table) => new Map(others(table).map((entry) => [key(entry), entry])),
  ) as [Map<string, Entry>, Map<string, Entry>];
  const parts: Part[] = [];
  for (const name of new Set([...want.keys(), ...have.keys()])) {
    const [w, f] = [want.get(name), have.get(name)];
    if (w?.definition === f?.definition) continue;
    const [text, was] = [w, f].map((entry) => (entry === undefined ? "" : entryDeclaration(entry)));
    const part = { aspect: name, wanted: text ?? "", found: was ?? "" };
    if (w === undefined) {
      parts.push({
        ...part,
        aspect: `${name} is not in sql/`,
        fix: "left alone",
        reason: "sql/ does not name it",
        statements: [],
      });
    } else if (f === undefined) {
      parts.push({ ...part, fix: "in place", statements: [`${alter} ADD ${text}`] });
    } else
      parts.push({
        ...part,
        fix: "refused",
        reason: "it must be built anew from all rows",
        statements: [],
      });
  }
  return parts;
}

function compareSettings(wanted: TableModel, found: TableModel, alter: string): Part[] {
  const want: Record<string, string | undefined> = { ...BUILT_IN, ...wanted.settings };
  const have: Record<string, string | undefined> = { ...BUILT_IN, ...found.settings };
  return Object.keys({ ...want, ...have })
    .filter((name) => want[name] !== have[name])
    .map((name) => ({
      aspect: `setting ${name}`,
      wanted: want[name] ?? "",
      found: have[name] ?? "",
      ...(name in BUILT_IN
        ? { fix: "refused" as const, reason: "this setting is fixed when a table is made", statements: [] }
        : {
            fix: "in place" as const,
            statements: [
              want[name] === undefined
                ? `${alter} RESET SETTING ${name}`
                : `${alter} MODIFY SETTING ${name} = ${want[name]}`,
            ],
          }),
    }));
}
