import { commands, type Problem } from "./problem";

/** More edits than this in a word make another word of it. */
const MOST_EDITS = 4;

/** Keys that the program does not read, each with the known name nearest to it. */
export function unknownKeys(given: readonly string[], known: readonly string[]): Problem[] {
  return given
    .filter((key) => !known.includes(key))
    .map((key) => {
      const name = nearest(key, known);
      const problem =
        name === undefined
          ? "is no key of this program (docs/configuration.md lists them)"
          : `is no key of this program; the nearest is zakaz:${name}`;
      return { key, problem, command: commands.remove(key) };
    });
}

function nearest(word: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, edits: distance(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0] && ranked[0].edits <= MOST_EDITS ? ranked[0].name : undefined;
}

/** Levenshtein's distance: insertions, deletions and replacements of one letter. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
