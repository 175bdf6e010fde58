/**
 * How a difference is fixed. `in place`: an apply does it, nothing is lost. `refused`: it could lose or rewrite data, so an
 * apply stops before it touches anything. `left alone`: there is more than `sql/` names; it is shown, never dropped.
 */
export type Fix = "in place" | "refused" | "left alone";

/** One way in which the live warehouse differs from `sql/`. */
export interface Difference {
  /** `database.name`, or the name of a database. */
  object: string;
  /** What of it: `column city: comment`, `engine`, `missing` … */
  aspect: string;
  /** As `sql/` wants it and as the server has it; empty for nothing. */
  wanted: string;
  found: string;
  fix: Fix;
  /** Why it is refused or left alone. */
  reason?: string;
  /** Statements that fix it, in order. A difference that is fixed along with an earlier one has none. */
  statements: string[];
}

/** A difference in a few words. */
export function describeDifference({ object, aspect }: Difference): string {
  return `${object}: ${aspect}`;
}

/** A refused difference as one sentence with the way out. */
export function refusal({ object, aspect, wanted, found, reason }: Difference): string {
  const says = (value: string) => (value === "" ? "nothing" : value);
  return (
    `${object}: ${aspect} is ${says(found)}, sql/ wants ${says(wanted)}; ${reason}. Nothing was touched. ` +
    "Undo the edit in sql/, or write the change as the next numbered file in sql/migrations/ (see sql/README.md)"
  );
}

/** A difference that is left alone as one sentence. */
export function note({ object, aspect, reason }: Difference): string {
  return `${object}: ${aspect}; ${reason}`;
}
