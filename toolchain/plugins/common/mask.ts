/** Shorter values would shred every text they are looked for in, and are no secrets. */
const SHORTEST_SECRET = 3;
/** Lines of a secret document are masked one by one from this length on: shorter ones are braces and keywords. */
const SHORTEST_LINE = 8;

/**
 * A function that replaces every occurrence of the given secrets by `[secret]`: as they are, as base64, URL-encoded and
 * JSON-escaped, and the longer lines of those that have several.
 */
export function masker(secrets: Iterable<string>): (text: string) => string {
  const needles = new Set<string>();
  for (const secret of secrets) {
    const lines = secret.split(/\r?\n/).map((line) => line.trim());
    const whole = [secret, secret.trim()].filter((value) => value.length >= SHORTEST_SECRET);
    const parts = lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE) : [];
    for (const value of [...whole, ...parts]) {
      needles.add(value);
      needles.add(Buffer.from(value).toString("base64"));
      needles.add(encodeURIComponent(Buffer.from(value).toString()));
      needles.add(JSON.stringify(value).slice(1, -1));
    }
  }
  // Longest first: a secret that contains another one must not survive as its remainder.
  const ordered = [...needles].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, needle) => masked.replaceAll(needle, "[secret]"), text);
}
