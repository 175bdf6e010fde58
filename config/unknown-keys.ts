import { closestMatch } from "leven";
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

function nearest(key: string, known: readonly string[]): string | undefined {
  const lowerCase = known.map((name) => name.toLowerCase());
  const match = closestMatch(key.toLowerCase(), lowerCase, { maxDistance: MOST_EDITS });
  return match === undefined ? undefined : known[lowerCase.indexOf(match)];
}
