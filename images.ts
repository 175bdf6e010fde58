import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";

/** Repository root; every path of an image recipe is relative to it. */
export const ROOT = __dirname;

/** What goes into an image: `docker build -f <dockerfile> <context>` after `prepareImage`. */
export interface ImageRecipe {
  /** Build context. */
  context: string;
  /** Dockerfile, relative to the context. */
  dockerfile: string;
  /** Folder, git-ignored, where bundles and linked files are put. */
  dist: string;
  /** Entry points by name: each becomes `<dist>/<name>.js`. */
  entries: Record<string, string>;
  /** Further files of the context that the Dockerfile copies. */
  files?: string[];
  /**
   * Big files of an npm package, hard-linked into `dist`. They count in the hash by the version of their
   * package, because reading half a gigabyte at each preview would cost more than all the rest.
   */
  packageFiles?: { package: string; file: string }[];
}

export const recipes = {
  clickhouse: {
    context: "clickhouse/embedded",
    dockerfile: "Dockerfile",
    dist: "clickhouse/embedded/dist",
    entries: { supervisor: "clickhouse/embedded/supervisor.ts", client: "clickhouse/embedded/client.ts" },
    files: ["launch.c", "config.xml", "users.xml", "start.sql"],
    packageFiles: [{ package: "@chdb/lib-linux-x64-gnu", file: "libchdb.so" }],
  },
  loader: {
    context: ".",
    dockerfile: "loaders/Dockerfile",
    dist: "loaders/dist",
    entries: { qtickets: "loaders/main.ts" },
    files: [".dockerignore"],
  },
  sandbox: {
    context: "sandbox",
    dockerfile: "Dockerfile",
    dist: "sandbox/dist",
    entries: { main: "sandbox/main.ts" },
  },
} satisfies Record<string, ImageRecipe>;

/**
 * Bundles the entries of a recipe and gives the hash of all that decides the image's content.
 * Needs no Docker, so a preview can say whether an image will change.
 */
export async function prepareImage(recipe: ImageRecipe): Promise<string> {
  const hash = createHash("sha256");
  mkdirSync(join(ROOT, recipe.dist), { recursive: true });

  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: recipe.entries,
    outdir: recipe.dist,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    write: false,
    logLevel: "silent",
  });
  for (const file of result.outputFiles) {
    writeIfChanged(file.path, file.contents);
    hash.update(basename(file.path)).update(file.contents);
  }
  for (const name of [recipe.dockerfile, ...(recipe.files ?? [])]) {
    hash.update(name).update(readFileSync(join(ROOT, recipe.context, name)));
  }
  for (const { package: name, file } of recipe.packageFiles ?? []) {
    const folder = dirname(require.resolve(`${name}/package.json`));
    linkFile(join(folder, file), join(ROOT, recipe.dist, file));
    hash.update(file).update(readFileSync(join(folder, "package.json")));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Bundled files keep their time stamps while their content stays, so Docker's layer cache holds. */
function writeIfChanged(path: string, content: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(content)) return;
  // Two programs (a test's and an operator's) may prepare the same image at once: never show a half file.
  const part = `${path}.${process.pid}`;
  writeFileSync(part, content);
  renameSync(part, path);
}

function linkFile(source: string, target: string): void {
  if (existsSync(target)) {
    if (statSync(target).size === statSync(source).size) return;
    rmSync(target);
  }
  try {
    linkSync(source, target);
  } catch {
    // Another file system: a copy does.
    copyFileSync(source, target);
  }
}
