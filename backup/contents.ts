/** A file that a backup holds itself. */
export interface ContentsEntry {
  /** Its path within the backup. */
  path: string;
  bytes: number;
}

/**
 * The files that a backup must hold, by the list (`.backup`, XML) that ClickHouse writes: not those which are in its base, and
 * of equal files the one that was written. Undefined: the list itself is cut off.
 */
export function readContents(xml: string): ContentsEntry[] | undefined {
  if (!xml.trimEnd().endsWith("</config>")) return undefined;
  const found = new Map<string, number>();
  for (const [, entry = ""] of xml.matchAll(/<file>([^]*?)<\/file>/g)) {
    const value = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(entry)?.[1];
    const size = Number(value("size"));
    const usesBase = value("use_base") === "true";
    const inBase = usesBase ? Number(value("base_size") ?? size) : 0;
    const path = unescape(value("data_file") ?? value("name") ?? "");
    if (size > inBase) found.set(path, size - inBase);
  }
  return [...found].map(([path, bytes]) => ({ path, bytes }));
}

/** The list without the key to the base's bucket: whoever reads the backup has a key of their own. */
export function withoutKeys(xml: string): string {
  return xml.replace(/(<base_backup>S3\('(?:[^'\\]|\\.)*')[^<]*(?=\)<\/base_backup>)/, "$1");
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const unescape = (text: string): string =>
  text.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
