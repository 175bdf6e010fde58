import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { manifest, readName, type KeptBackup, type Manifest } from "../warehouse/backup/backup";
import { Failure } from "../warehouse/failure";
import { readContents, type ContentsEntry } from "./contents";

/** The file in which ClickHouse lists what is in a backup; without it there is no backup. */
const CONTENTS = ".backup";
const MANIFEST = ".json";

/** What ClickHouse calls a finished backup is none. */
export class NotWhole extends Failure {}

/** How closely a backup is looked at: whether each file is there with its size, or whether it is the same, byte by byte. */
export type Closeness = "sizes" | "bytes";

/**
 * The folder that the server's disk `backups` is: `NAME/` is a backup as ClickHouse writes it, `NAME.json` its record,
 * written last. What has no record was never finished.
 */
export class Store {
  constructor(readonly folder: string) {}

  /** All backups, in whatever state, the oldest first. */
  async list(closeness: Closeness): Promise<KeptBackup[]> {
    const names = new Set(
      (await readdir(this.folder))
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
    const folder = join(this.folder, facts.name);
    const wanted = readContents(await readFile(join(folder, CONTENTS), "utf8"));
    const files: Manifest["files"] = {};
    for (const path of await filesIn(folder)) {
      files[path] = {
        sha256: await hashOf(join(folder, path)),
        bytes: (await stat(join(folder, path))).size,
      };
    }
    const wrong = wanted?.find(({ path, bytes }) => files[path]?.bytes !== bytes);
    if (wanted === undefined || wrong !== undefined) {
      const what = wrong && `${wrong.path} ${gone(files[wrong.path], wrong)}`;
      throw new NotWhole(
        `Backup ${facts.name} is not whole: ${what ?? "ClickHouse's list of its files is cut off"}`,
      );
    }
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
    const made: Manifest = { ...facts, finishedAt: now(), bytes, files };
    const place = join(this.folder, facts.name + MANIFEST);
    await writeFile(`${place}.part`, JSON.stringify(made), { mode: 0o640 });
    await rename(`${place}.part`, place);
    return made;
  }

  /** Deletes a backup: its record first, so that one which is half deleted counts as unfinished. */
  async delete(name: string): Promise<void> {
    if (readName(name) === undefined) throw new Error(`${name} is no name of a backup`);
    await rm(join(this.folder, name + MANIFEST), { force: true });
    await rm(join(this.folder, name), { recursive: true, force: true });
  }

  /** Bytes that can still be written. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  /** How one backup is. */
  async look(name: string, closeness: Closeness): Promise<KeptBackup> {
    const known = await readFile(join(this.folder, name + MANIFEST), "utf8").catch(() => undefined);
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

  /** The first file that is not as it was recorded, one clause; empty: there is none. */
  private async fault(name: string, files: Manifest["files"], closeness: Closeness): Promise<string> {
    for (const [path, was] of Object.entries(files)) {
      const place = join(this.folder, name, path);
      const is = await stat(place).catch(() => undefined);
      if (is?.size !== was.bytes) return `${path} ${gone(is && { bytes: is.size }, was)}`;
      if (closeness === "bytes" && (await hashOf(place)) !== was.sha256) return `${path} has been changed`;
    }
    return "";
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

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** Paths of all files in a folder, relative to it. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
