import { z } from "zod";

/** A request that the API cannot work with: a malformed body, an unknown column or an unknown operator. */
export class BadQuery extends Error {}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
type Scalar = z.infer<typeof scalar>;

/** PHP reads a number in text as that number. */
const count = z
  .union([z.int(), z.string().regex(/^\d+$/).transform(Number)])
  .refine((value) => value >= 1, "must be 1 or more");

const condition = z.object({
  column: z.string(),
  operator: z.string().default("="),
  value: z.union([scalar, z.array(scalar)]).optional(),
});

const noList = z.array(z.never()).transform(() => undefined);

const query = z.object({
  select: z.array(z.string()).optional(),
  where: z.array(condition).default([]),
  orderBy: z.union([noList, z.record(z.string(), z.enum(["asc", "desc"]))]).optional(),
  page: count.default(1),
  perPage: count.optional(),
  flat: z.union([z.boolean(), z.literal(0), z.literal(1)]).default(false),
});

export type Condition = z.infer<typeof condition>;
/** The body of a listing request. Keys that the API does not know (`per_page`) are ignored. */
export type Query = z.infer<typeof query>;

/** Reads the body of a listing request; throws BadQuery with the first thing that is wrong. */
export function parseQuery(body: unknown): Query {
  const result = query.safeParse(body ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new BadQuery(`${issue?.path.join(".") ?? "body"}: ${issue?.message ?? "malformed"}`);
}

/** The names a condition or a `select` may use: the keys of a sample object, dotted where it nests. */
export function columnsOf(sample: object, depth = 3): Set<string> {
  const columns = new Set<string>();
  for (const [key, value] of Object.entries(sample) as [string, unknown][]) {
    columns.add(key);
    const inner: unknown = Array.isArray(value) ? value[0] : value;
    if (depth > 1 && typeof inner === "object" && inner !== null) {
      for (const nested of columnsOf(inner, depth - 1)) columns.add(`${key}.${nested}`);
    }
  }
  return columns;
}

function checkColumn(columns: ReadonlySet<string>, column: string): string[] {
  if (!columns.has(column)) throw new BadQuery(`unknown column ${column}`);
  return column.split(".");
}

/** Every value that a dotted path leads to; lists on the way are walked. */
function valuesAt(node: unknown, path: readonly string[], from = 0): unknown[] {
  if (from === path.length) return [node];
  if (Array.isArray(node)) return node.flatMap((item: unknown) => valuesAt(item, path, from));
  if (typeof node !== "object" || node === null) return [null];
  return valuesAt((node as Record<string, unknown>)[path[from] as string], path, from + 1);
}

const TIMESTAMP = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** A value in a form that compares: timestamps as epoch milliseconds, flags as 1 and 0, numbers in text as numbers. */
function comparable(value: unknown): number | string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return value;
  if (typeof value !== "string") return JSON.stringify(value);
  const timestamp = TIMESTAMP.exec(value);
  if (timestamp !== null) {
    const day = value.length === 10 ? `${value}T00:00:00` : value;
    return Date.parse(timestamp[1] === undefined ? `${day}+03:00` : day);
  }
  return value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value;
}

function compare(left: number | string, right: number | string): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0;
}

type Test = (value: unknown) => boolean;

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  ">": (order) => order > 0,
  "<=": (order) => order <= 0,
  ">=": (order) => order >= 0,
};

function test({ column, operator, value }: Condition): Test {
  if (operator === "null") return (found) => found === null || found === undefined;
  if (operator === "not null") return (found) => found !== null && found !== undefined;
  const holds = comparisons[operator];
  if (holds !== undefined) {
    if (value === undefined || Array.isArray(value)) {
      throw new BadQuery(`operator ${operator} on ${column} needs one value`);
    }
    // As in SQL, nothing compares with null.
    const wanted = comparable(value);
    return (found) => {
      const actual = comparable(found);
      return actual !== null && wanted !== null && holds(compare(actual, wanted));
    };
  }
  if (!["in", "not in", "in array", "not in array"].includes(operator)) {
    throw new BadQuery(`unknown operator ${operator}`);
  }
  if (!Array.isArray(value)) throw new BadQuery(`operator ${operator} on ${column} needs a list`);
  const wanted = new Set(value.map((item: Scalar) => comparable(item)));
  const among = (found: unknown) => wanted.has(comparable(found));
  if (operator === "in") return among;
  if (operator === "not in") return (found) => found !== null && found !== undefined && !among(found);
  return (found) => Array.isArray(found) && found.some(among) === (operator === "in array");
}

/** A function that tells whether a row meets all conditions; throws BadQuery for unknown columns and operators. */
export function matcher(
  conditions: readonly Condition[],
  columns: ReadonlySet<string>,
): (row: unknown) => boolean {
  const tests = conditions.map((item) => ({ path: checkColumn(columns, item.column), holds: test(item) }));
  return (row) => tests.every(({ path, holds }) => valuesAt(row, path).some(holds));
}

/** A function that sorts rows by the columns of `orderBy`; nulls come first, as in MySQL. Throws BadQuery for unknown columns. */
export function sorter(
  orderBy: Query["orderBy"],
  columns: ReadonlySet<string>,
): (left: unknown, right: unknown) => number {
  const keys = Object.entries(orderBy ?? {}).map(([column, direction]) => ({
    path: checkColumn(columns, column),
    sign: direction === "desc" ? -1 : 1,
  }));
  return (left, right) => {
    for (const { path, sign } of keys) {
      const [a, b] = [left, right].map((row) => comparable(valuesAt(row, path)[0]));
      if (a === b) continue;
      if (a === null || a === undefined) return -sign;
      if (b === null || b === undefined) return sign;
      const order = compare(a, b);
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

/** The fields that a `select` keeps; dotted names reach into nested objects and lists. */
type Picked = { [key: string]: Picked | true };

/** A function that keeps the selected fields of a row; throws BadQuery for unknown columns. */
export function selector(select: Query["select"], columns: ReadonlySet<string>): (row: unknown) => unknown {
  if (select === undefined) return (row) => row;
  const picked: Picked = {};
  for (const column of select) {
    let level = picked;
    const path = checkColumn(columns, column);
    path.forEach((key, index) => {
      const inner = level[key];
      if (inner === true) return;
      if (index === path.length - 1) level[key] = true;
      else level = level[key] = inner ?? {};
    });
  }
  return (row) => keep(row, picked);
}

function keep(node: unknown, picked: Picked): unknown {
  if (Array.isArray(node)) return node.map((item) => keep(item, picked));
  if (typeof node !== "object" || node === null) return node;
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(picked)) {
    if (!(key in node)) continue;
    const value = (node as Record<string, unknown>)[key];
    kept[key] = inner === true ? value : keep(value, inner);
  }
  return kept;
}
