/** What the API's amounts of money have at least. */
const MIN_DECIMALS = 2;
const AMOUNT = /^-?\d+(?:\.(\d+))?$/;

/** The exact sum of decimal texts; what is not one does not count. */
export function sumDecimals(texts: readonly string[]): string {
  const amounts = texts.filter((text) => AMOUNT.test(text));
  const decimals = Math.max(MIN_DECIMALS, ...amounts.map((text) => AMOUNT.exec(text)?.[1]?.length ?? 0));
  let sum = 0n;
  for (const text of amounts) {
    const [whole = "", fraction = ""] = text.split(".");
    sum += BigInt(whole + fraction.padEnd(decimals, "0"));
  }
  const digits = String(sum < 0n ? -sum : sum).padStart(decimals + 1, "0");
  return `${sum < 0n ? "-" : ""}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
