/** As which user the code of a file speaks to the warehouse. */
const USERS: readonly [RegExp, string][] = [
  [/^loaders\//, "etl_writer"],
  [/^ops\/(?:smoke|status|loader)\.ts$/, "etl_writer"],
  [/^ops\/datalens\//, "datalens_reader"],
];

/**
 * The user of a file; `admin` for all that manages the warehouse, and for check-reader.ts, whose statements are there to
 * be refused.
 */
export function userOf(file: string): string {
  return USERS.find(([pattern]) => pattern.test(file))?.[1] ?? "admin";
}
