/** A text as a string literal, on one line. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, (c) => `\\${c}`).replaceAll("\n", "\\n")}'`;
}

/** A name in back quotes; it may hold anything. */
export function quoteName(name: string): string {
  return `\`${name.replace(/[\\`]/g, (c) => `\\${c}`)}\``;
}

/** A name, in back quotes unless it is a plain word. */
export function quoteIfNeeded(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoteName(name);
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", 0: "\0" };

/** The content of a string literal or of a quoted name. */
export function unquote(quoted: string): string {
  const quote = quoted.charAt(0);
  return quoted.slice(1, -1).replace(/\\([^])|''|``|""/g, (found: string, escaped?: string) => {
    if (escaped !== undefined) return ESCAPES[escaped] ?? escaped;
    return found.startsWith(quote) ? quote : found;
  });
}
