import type { Difference } from "./difference";

const UNIT_HOURS: Record<string, number> = { Hour: 1, Day: 24, Week: 168 };

/**
 * What differs between two TTLs. A longer one, or none any more, keeps what is there; any other change could delete rows
 * or values as soon as it is made.
 * @param statements how to set the wanted one, how to remove the one that is there
 */
export function compareTtl(
  aspect: string,
  wanted: string | undefined,
  found: string | undefined,
  statements: { set: string; remove: string },
): Omit<Difference, "object">[] {
  if (wanted === found) return [];
  const difference = { aspect, wanted: wanted ?? "", found: found ?? "" };
  if (wanted === undefined) return [{ ...difference, fix: "in place", statements: [statements.remove] }];
  if (found !== undefined && isLonger(found, wanted)) {
    return [{ ...difference, fix: "in place", statements: [statements.set] }];
  }
  const reason = "a TTL that is new, shorter or of another column deletes data at once";
  return [{ ...difference, fix: "refused", reason, statements: [] }];
}

function isLonger(found: string, wanted: string): boolean {
  const pattern = /^(.+) \+ toInterval(\w+)\((\d+)\)( GROUP BY .+)?$/;
  const [from, to] = [found, wanted].map((ttl) => pattern.exec(ttl));
  if (!from || !to || from[1] !== to[1] || from[4] !== to[4]) return false;
  const [a, b] = [from, to].map(([, , unit = "", count]) => (UNIT_HOURS[unit] ?? NaN) * Number(count));
  // Months have no fixed length, but more of them are more.
  return from[2] === to[2] ? Number(from[3]) < Number(to[3]) : a! < b!;
}
