/** What the server says of a full disk, under several codes. */
const NO_SPACE = /No space left on device/;

/** What a run says in the journal when it fails, and the signs of it. The sentences are those of `loaders/`. */
const SENTENCES: readonly [RegExp, (found: RegExpExecArray) => string][] = [
  [/^ClickHouse at \S+ does not answer/, () => "server lost"],
  [/^ClickHouse at \S+ refused .*?code (\d+)/, ([, code]) => `code ${code}`],
  [/^(?!ClickHouse).*\(HTTP (\d{3})\b/, ([, status]) => `HTTP ${status}`],
  [/refused the token or the permission|asks for a captcha/, () => "token refused"],
  [/no further request this|too many calls|no more calls for ads/, () => "calls used up"],
  [/broke off \((\w+)\)/, ([, code]) => `network ${code}`],
  [/did not answer within/, () => "network TIMEOUT"],
  [NO_SPACE, () => "no space"],
  [/used up its \d+ s/, () => "time used up"],
  [/could not be read, more than the allowed ratio/, () => "rows put aside"],
];

/** Signs of what a run says of its failure. */
export function signsOf(said: string): string[] {
  return SENTENCES.flatMap(([pattern, sign]) => {
    const found = pattern.exec(said);
    return found === null ? [] : [sign(found)];
  });
}

/** Signs of what the server says of a statement. */
export function signsOfRefusal(code: number, exception: string): string[] {
  return [`code ${code}`, ...(NO_SPACE.test(exception) ? ["no space"] : [])];
}

/** A column or table that a run found missing, or a column that takes no NULL, before it read anything. */
export interface Misfit {
  sign: "lacks column" | "lacks table" | "takes no NULL";
  /** Without its database. */
  table: string;
  column?: string;
}

/** What the check of the tables at the beginning of a run has found (`loaders/pipeline/table-check.ts`). */
export function misfitsOf(said: string): Misfit[] {
  const [, verb, list = ""] =
    /^Database \S+ (lacks|takes no NULL in) (.*?)(?: \(or the loader|, where the loader)/.exec(said) ?? [];
  return list.split(", ").flatMap((item): Misfit[] => {
    const [, kind, table, column] = /^(?:(column|table) )?(\w+)(?:\.(\w+))?/.exec(item) ?? [];
    if (verb === undefined || table === undefined) return [];
    const sign = verb === "lacks" ? (`lacks ${kind as "column" | "table"}` as const) : "takes no NULL";
    return [{ sign, table, ...(column === undefined ? {} : { column }) }];
  });
}

/** The column that the server names in a refusal. */
export function columnIn(said: string): string | undefined {
  const named = /(?:identifier|column|columns:) [`'"]?([\w.]+)[`'"]?/i.exec(said)?.[1];
  return named?.split(".").at(-1);
}

/** The first of these objects that a text names, with or without its database. */
export function objectIn(text: string, objects: readonly string[]): string | undefined {
  const places = objects.flatMap((object) => {
    const bare = object.slice(object.indexOf(".") + 1);
    const at = new RegExp(`(?<![\\w.])(?:${object.replace(".", "\\.")}|${bare})(?!\\w)`).exec(text)?.index;
    return at === undefined ? [] : [{ object, at }];
  });
  return places.sort((a, b) => a.at - b.at)[0]?.object;
}
