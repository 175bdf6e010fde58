/** How the live server stands against the files, as the program reads it in every preview and update. */
export interface Drift {
  /** False: the server does not answer, and nothing below is known. */
  answered: boolean;
  /** Number of the newest change in the journal (0: none) and its name. */
  revision: number;
  name: string;
  /** What the next apply will fix, a few words each. */
  differences: string[];
  /** What an apply must not fix by itself; one sentence each, with the way to do it. */
  refused: string[];
  /** What differs and is left alone; one sentence each. */
  notes: string[];
}

/** Of a server that does not answer. */
export const UNANSWERED: Drift = {
  answered: false,
  revision: 0,
  name: "",
  differences: [],
  refused: [],
  notes: [],
};

/**
 * Environment variable of an apply that carries `nextState`. It is there to be seen and compared in a preview; `access apply`
 * journals its change under that name.
 */
export const STATE_VARIABLE = "ZAKAZ_STATE";

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
