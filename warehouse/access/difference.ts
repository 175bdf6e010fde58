/** The order in which statements of different kinds run: what is named must be there, REVOKE comes before GRANT. */
const order = [
  "collection",
  "create role",
  "create profile",
  "create user",
  "alter",
  "profile targets",
  "revoke",
  "grant",
  "revoke inside",
  "grant role",
  "default role",
  "row policy",
  "free quota",
  "quota",
] as const;

export interface Step {
  when: (typeof order)[number];
  /** One statement without the closing `;`; may hold the hash of a password. */
  sql: string;
}

/** One thing in which the server differs from the declaration. */
export interface Difference {
  /** One sentence without its full stop, naming who or what; holds no secret and no hash. */
  text: string;
  /** What fixes it; nothing where a person has to decide. */
  steps: Step[];
  /** What a person has to do, or may want to. */
  advice?: string;
}

/** Statements that fix all of these, each once, in an order in which they run. */
export function statementsOf(differences: Difference[]): string[] {
  const steps = differences.flatMap((difference) => difference.steps);
  const sorted = order.flatMap((when) => steps.filter((step) => step.when === when));
  return [...new Set(sorted.map((step) => step.sql))];
}

/** Differences that `access apply` fixes. */
export function fixableOf(differences: Difference[]): Difference[] {
  return differences.filter((difference) => difference.steps.length > 0);
}

/** What differs, and the advice. */
export function sentence({ text, advice }: Difference): string {
  return advice === undefined ? text : `${text}: ${advice}`;
}

/** A text with hashes of passwords left out. */
export function withoutHashes(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{64}\b/gi, "…");
}
