import { manifest, readName, type KeptBackup, type Manifest } from "../warehouse/backup/backup";
import { Failure } from "../warehouse/failure";
import { readContents, withoutKeys, type ContentsEntry } from "./contents";
import type { Files } from "./files";
import { inParallel } from "./in-parallel";

/** The file in which ClickHouse lists what is in a backup; without it there is no backup. */
const CONTENTS = ".backup";
const MANIFEST = ".json";

/** What ClickHouse calls a finished backup is none. */
export class NotWhole extends Failure {}

/** How closely a backup is looked at: whether each file is there with its size, or whether it is the same, byte by byte. */
export type Closeness = "sizes" | "bytes";

/**
 * The backups that are kept in a place: `NAME/` is a backup as ClickHouse writes it, `NAME.json` its record, written last. What
 * has no record was never finished.
 */
export class Store {
  constructor(private readonly files: Files) {}

  /** All backups, in whatever state, the oldest first. */
  async list(closeness: Closeness): Promise<KeptBackup[]> {
    const names = new Set(
      (await this.files.names())
        .map((file) => file.replace(/\.json$/, ""))
        .filter((name) => readName(name) !== undefined),
    );
    const found: KeptBackup[] = [];
    for (const name of [...names].sort()) found.push(await this.look(name, closeness));
    return found;
  }

  /**
   * Writes the record of a backup that ClickHouse has just finished, after a look at every file.
   * @throws NotWhole when files are not as ClickHouse lists them: on a full disk it writes half of them, and says that the backup is made
   *   (seen on 25.8.2)
   */
  async record(
    facts: Pick<Manifest, "name" | "kind" | "base" | "startedAt" | "serverVersion" | "databases">,
    now: () => number,
  ): Promise<Manifest> {
    const { name } = facts;
    const wanted = readContents(await this.cleanContents(name));
    const sizes = [...(await this.files.sizes(name))].sort(([a], [b]) => (a < b ? -1 : 1));
    const hashed = await inParallel(sizes, async ([path, bytes]) => {
      const sha256 = await this.files.sha256(`${name}/${path}`);
      return [path, { sha256, bytes }] as const;
    });
    const files: Manifest["files"] = Object.fromEntries(hashed);
    const wrong = wanted?.find(({ path, bytes }) => files[path]?.bytes !== bytes);
    if (wanted === undefined || wrong !== undefined) {
      const what = wrong && `${wrong.path} ${gone(files[wrong.path], wrong)}`;
      throw new NotWhole(
        `Backup ${name} is not whole: ${what ?? "ClickHouse's list of its files is cut off"}`,
      );
    }
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
    const made: Manifest = { ...facts, finishedAt: now(), bytes, files };
    await this.files.write(name + MANIFEST, JSON.stringify(made));
    return made;
  }

  /** Deletes a backup: its record first, so that one which is half deleted counts as unfinished. */
  async delete(name: string): Promise<void> {
    if (readName(name) === undefined) throw new Error(`${name} is no name of a backup`);
    await this.files.remove(name + MANIFEST);
    await this.files.remove(name);
  }

  /** Bytes that can still be written; undefined: nobody can tell. */
  freeBytes(): Promise<number | undefined> {
    return this.files.freeBytes();
  }

  /** How one backup is. */
  async look(name: string, closeness: Closeness): Promise<KeptBackup> {
    const known = await this.files.read(name + MANIFEST);
    const parsed = known === undefined ? undefined : manifest.safeParse(parse(known));
    if (parsed?.success !== true) {
      const { startedAt, kind } = readName(name)!;
      const why = known === undefined ? "it was never finished" : "its record cannot be read";
      const state = known === undefined ? "unfinished" : "damaged";
      return {
        name,
        kind,
        base: "",
        startedAt,
        finishedAt: 0,
        serverVersion: "",
        bytes: 0,
        files: 0,
        state,
        why,
      };
    }
    const { files, databases: _, ...rest } = parsed.data;
    const why = await this.fault(name, files, closeness);
    return { ...rest, files: Object.keys(files).length, state: why === "" ? "whole" : "damaged", why };
  }

  /**
   * ClickHouse's list of the files. Of a base in object storage it writes the key into it, with its secret (seen on 24.8 and 25.8),
   * for whoever may read the bucket: that goes.
   */
  private async cleanContents(name: string): Promise<string> {
    const path = `${name}/${CONTENTS}`;
    const written = (await this.files.read(path)) ?? "";
    const clean = withoutKeys(written);
    if (clean !== written) await this.files.write(path, clean);
    return clean;
  }

  /** The first file that is not as it was recorded, one clause; empty: there is none. */
  private async fault(name: string, files: Manifest["files"], closeness: Closeness): Promise<string> {
    const sizes = await this.files.sizes(name);
    for (const [path, was] of Object.entries(files)) {
      const bytes = sizes.get(path);
      if (bytes !== was.bytes) return `${path} ${gone(bytes === undefined ? undefined : { bytes }, was)}`;
    }
    if (closeness === "sizes") return "";
    const paths = Object.keys(files);
    const hashes = await inParallel(paths, (path) => this.files.sha256(`${name}/${path}`));
    const changed = paths.find((path, index) => hashes[index] !== files[path]?.sha256);
    return changed === undefined ? "" : `${changed} has been changed`;
  }
}

function gone(is: { bytes: number } | undefined, was: Pick<ContentsEntry, "bytes">): string {
  return is === undefined ? "is missing" : `has ${is.bytes} bytes instead of ${was.bytes}`;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
