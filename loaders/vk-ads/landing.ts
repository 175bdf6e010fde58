import { utmValue } from "../core/values";
import type { Utm } from "./records";

const NAMES = ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"] as const;

/**
 * The marks of landing links and tracking strings: of each mark the first value that is not empty. A text may be a link, a
 * bare domain, or a query alone; what cannot be decoded is taken as it is.
 */
export function utmOf(texts: readonly string[]): Utm {
  const queries = texts.map((text) => new URLSearchParams(queryOf(text)));
  const first = (name: string): string => {
    for (const query of queries) {
      const found = query
        .getAll(name)
        .map(utmValue)
        .find((value) => value !== "");
      if (found !== undefined) return found;
    }
    return "";
  };
  return Object.fromEntries(NAMES.map((name) => [name, first(name)])) as unknown as Utm;
}

/** The query of a link without its fragment; a text that is no link and has no question mark is a query already. */
function queryOf(text: string): string {
  const [link = ""] = text.trim().split("#", 1);
  const mark = link.indexOf("?");
  if (mark >= 0) return link.slice(mark + 1).replaceAll("?", "&");
  return /^[a-z][a-z0-9+.-]*:|^[^=&]*$/i.test(link) ? "" : link;
}
