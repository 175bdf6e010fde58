import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Files } from "./files";

/** The folder that the server's disk `backups` is. */
export class DiskFiles implements Files {
  constructor(private readonly folder: string) {}

  names(): Promise<string[]> {
    return readdir(this.folder);
  }

  read(path: string): Promise<string | undefined> {
    return readFile(join(this.folder, path), "utf8").catch(missing);
  }

  async write(path: string, text: string): Promise<void> {
    const place = join(this.folder, path);
    await writeFile(`${place}.part`, text, { mode: 0o640 });
    await rename(`${place}.part`, place);
  }

  async sizes(folder: string): Promise<Map<string, number>> {
    const top = join(this.folder, folder);
    const entries = (await readdir(top, { recursive: true, withFileTypes: true }).catch(missing)) ?? [];
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const sizes = new Map<string, number>();
    for (const path of paths.sort()) sizes.set(path.slice(top.length + 1), (await stat(path)).size);
    return sizes;
  }

  async sha256(path: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(this.folder, path)), hash);
    return hash.digest("hex");
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.folder, path), { recursive: true, force: true });
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
