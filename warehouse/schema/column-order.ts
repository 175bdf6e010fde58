/**
 * The fewest names that must be moved so that a list gets into the wanted order, each put right behind the one before it
 * in the wanted list, in this order.
 * @param found the same names as `wanted`, in another order
 */
export function namesToMove(wanted: string[], found: string[]): string[] {
  const kept = longestInOrder(found.map((name) => wanted.indexOf(name)));
  return wanted.filter((_, i) => !kept.has(i));
}

/** Members of a longest rising part of a list of different numbers. */
function longestInOrder(numbers: number[]): Set<number> {
  const best: number[][] = [];
  numbers.forEach((number, i) => {
    const before = best.slice(0, i).filter((part) => part.at(-1)! < number);
    const longest = before.reduce((a, b) => (b.length > a.length ? b : a), [] as number[]);
    best.push([...longest, number]);
  });
  return new Set(best.reduce((a, b) => (b.length > a.length ? b : a), [] as number[]));
}
