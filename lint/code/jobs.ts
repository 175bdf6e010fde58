/** As which user the code of a file speaks to the warehouse. */
const USERS: readonly [RegExp, string][] = [
  [/^loaders\//, "etl_writer"],
  [/^ops\/(?:smoke|status|loader)\.ts$/, "etl_writer"],
  [/^ops\/datalens\//, "datalens_reader"],
];

/** Files whose statements are there to be refused. */
const REFUSED = /^ops\/(?:check-reader\.ts|access\/matrix\/)/;

/** The user of a file; `admin` for all that manages the warehouse. */
export function userOf(file: string): string {
  return USERS.find(([pattern]) => pattern.test(file))?.[1] ?? "admin";
}

/** Whether the statements of a file are meant to be answered. */
export function isMeant(file: string): boolean {
  return !REFUSED.test(file);
}
