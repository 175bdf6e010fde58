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
