import { isSignificant, tokenize } from "../sql/lexer";
import { closingBracket, list, text } from "./statement-tokens";

/** `Decimal(18, 2)` → name and arguments. */
interface Type {
  name: string;
  args: string[];
}

const WIDTHS: Record<string, number> = Object.fromEntries(
  ["Int", "UInt", "Float"].flatMap((family) =>
    [8, 16, 32, 64, 128, 256].map((bits) => [`${family}${bits}`, bits]),
  ),
);

/**
 * True when every value of the one type is the same value in the other, and ClickHouse may so change a column in place:
 * the same type, a wider one of its family, with NULL allowed, with or without a dictionary.
 */
export function holdsEverything(found: string, wanted: string): boolean {
  if (found === wanted) return true;
  const [from, to] = [parseType(found), parseType(wanted)];
  if (to.name === "Nullable")
    return holdsEverything(from.name === "Nullable" ? from.args[0]! : found, to.args[0]!);
  if (to.name === "LowCardinality") {
    return holdsEverything(from.name === "LowCardinality" ? from.args[0]! : found, to.args[0]!);
  }
  if (from.name === "LowCardinality") return holdsEverything(from.args[0]!, wanted);
  if (from.name === "Decimal" && to.name === "Decimal") return decimalHolds(from.args, to.args);
  if (from.name.startsWith("Enum") && to.name.startsWith("Enum")) return enumHolds(from, to);
  if (from.name === "Date" && to.name === "Date32") return true;
  const [narrow, wide] = [WIDTHS[from.name], WIDTHS[to.name]];
  return narrow !== undefined && wide !== undefined && family(from) === family(to) && narrow < wide;
}

function family({ name }: Type): string {
  return name.replace(/\d+$/, "");
}

function decimalHolds(from: string[], to: string[]): boolean {
  const [precision, scale] = from.map(Number) as [number, number];
  const [newPrecision, newScale] = to.map(Number) as [number, number];
  return newScale >= scale && newPrecision - newScale >= precision - scale;
}

function enumHolds(from: Type, to: Type): boolean {
  return (
    from.args.every((value) => to.args.includes(value)) &&
    Number(to.name.slice(4)) >= Number(from.name.slice(4))
  );
}

function parseType(type: string): Type {
  const tokens = tokenize(type).filter(isSignificant);
  if (tokens[1]?.text !== "(") return { name: type, args: [] };
  return { name: tokens[0]!.text, args: list(tokens.slice(2, closingBracket(tokens, 1))).map(text) };
}
