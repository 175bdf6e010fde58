/**
 * What may be done about a difference. `in place`: an apply mends it, nothing is lost. `refused`: mending it could lose or
 * rewrite data, so an apply stops before it touches anything. `left alone`: there is more than `sql/` names; it is shown,
 * never dropped.
 */
export type Remedy = "in place" | "refused" | "left alone";

/** One way in which the live warehouse differs from `sql/`. */
export interface Difference {
  /** `database.name`, or the name of a database. */
  object: string;
  /** What of it: `column city: comment`, `engine`, `missing` … */
  aspect: string;
  /** As `sql/` wants it and as the server has it; empty for nothing. */
  wanted: string;
  found: string;
  remedy: Remedy;
  /** Why it is refused or left alone. */
  reason?: string;
  /** Statements that mend it, in order. A difference mended along with an earlier one has none. */
  statements: string[];
}

/** A difference in a few words. */
export function shortly({ object, aspect }: Difference): string {
  return `${object}: ${aspect}`;
}

/** A refused difference as one sentence with the way out. */
export function refusal({ object, aspect, wanted, found, reason }: Difference): string {
  return `${object}: ${aspect} is ${found === "" ? "nothing" : found}, sql/ wants ${wanted === "" ? "nothing" : wanted}; ${reason}. Nothing was touched. Undo the edit in sql/, or write the change as the next numbered file in sql/migrations/ (see sql/README.md)`;
}

/** A difference that is left alone as one sentence. */
export function note({ object, aspect, reason }: Difference): string {
  return `${object}: ${aspect}; ${reason}`;
}
