import { z } from "zod";

/**
 * How the live server stands against the files, as `zakaz schema state` and `zakaz access state` print it (JSON) and the
 * program reads it in every preview and update.
 */
export const drift = z.object({
  /** False: the server does not answer, and nothing below is known. */
  answered: z.boolean(),
  /** Number of the newest change in the journal (0: none) and its name. */
  revision: z.number().int().min(0),
  name: z.string(),
  /** What the next apply will mend, a few words each. */
  differences: z.array(z.string()),
  /** What an apply must not mend by itself; one sentence each, with the way to do it. */
  refused: z.array(z.string()).default([]),
  /** What differs and is left alone; one sentence each. */
  notes: z.array(z.string()).default([]),
});
export type Drift = z.infer<typeof drift>;

/** What `state` prints for a server that does not answer. */
export const UNANSWERED: Drift = {
  answered: false,
  revision: 0,
  name: "",
  differences: [],
  refused: [],
  notes: [],
};

/** Longest name of a change; the whole list is in `zakaz schema diff`. */
const NAME_LENGTH = 160;

/** Name under which an apply journals a change with these differences. */
export function changeName(differences: string[]): string {
  let name = "";
  for (const [i, difference] of differences.entries()) {
    const next = i === 0 ? difference : `${name}; ${difference}`;
    const more = `; and ${differences.length - i} more`;
    if (i > 0 && next.length > NAME_LENGTH) return name + more;
    name = next;
  }
  return name;
}

/**
 * The state that the warehouse will have after the next apply: `<number>: <name>`. It is an input of the apply's resource:
 * without differences it stays as the last apply has journaled it, with differences it shows what will be done.
 */
export function nextState({
  revision,
  name,
  differences,
}: Pick<Drift, "revision" | "name" | "differences">): string {
  return differences.length === 0 ? `${revision}: ${name}` : `${revision + 1}: ${changeName(differences)}`;
}
