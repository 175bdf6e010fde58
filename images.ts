import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative } from "node:path";
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
}

export const recipes = {
  loader: {
    context: ".",
    dockerfile: "loaders/Dockerfile",
    dist: "loaders/dist",
    // One image and one bill of materials for all that runs beside the server.
    entries: { qtickets: "loaders/main.ts", alerts: "alerts/main.ts" },
    files: [".dockerignore"],
  },
  sandbox: {
    context: "sandbox",
    dockerfile: "Dockerfile",
    dist: "sandbox/dist",
    entries: { main: "sandbox/main.ts" },
  },
  backup: {
    context: "backup",
    dockerfile: "Dockerfile",
    dist: "backup/dist",
    entries: { main: "backup/main.ts" },
  },
} satisfies Record<string, ImageRecipe>;

/** What the image of the development server is made of, beside the base image; set-up makes it (toolchain/steps/clickhouse.sh). */
const SERVER_IMAGE_FILES = join(ROOT, "clickhouse/image");

/**
 * Name of the development server's image: by the content of its files, as set-up names it too. A gigabyte is not built in an
 * `up`, and stays for the next stack.
 */
export function localServerImage(): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(SERVER_IMAGE_FILES).sort()) {
    hash.update(readFileSync(join(SERVER_IMAGE_FILES, file)));
  }
  return `zakaz/clickhouse:${hash.digest("hex").slice(0, 12)}`;
}

/**
 * Bundles the entries of a recipe and gives the hash of all that decides the image's content.
 * Needs no Docker, so a preview can say whether an image will change.
 */
export async function prepareImage(recipe: ImageRecipe): Promise<string> {
  const hash = createHash("sha256");
  for (const file of bundlesInPlace(recipe) ?? (await bundle(recipe))) {
    hash.update(basename(file)).update(readFileSync(join(ROOT, file)));
  }
  for (const name of [recipe.dockerfile, ...(recipe.files ?? [])]) {
    hash.update(name).update(readFileSync(join(ROOT, recipe.context, name)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** What a recipe's bundles were made of, written beside them. Paths are relative to the repository root. */
interface BundleRecord {
  bundles: string[];
  sources: string[];
  /** Hash of the sources and of the bundles. */
  hash: string;
}

/** What decides every bundle: the recipes, esbuild's settings, and the installed packages by npm's own list of them. */
const COMMON_SOURCES = ["images.ts", "package.json", "tsconfig.json", "node_modules/.package-lock.json"];

const recordFile = (recipe: ImageRecipe) => join(ROOT, recipe.dist, "bundles.json");

/** The bundles that lie in `dist` already, if bundling would make the same ones again. */
function bundlesInPlace(recipe: ImageRecipe): string[] | undefined {
  try {
    const record = JSON.parse(readFileSync(recordFile(recipe), "utf8")) as BundleRecord;
    return hashOf([...record.sources, ...record.bundles]) === record.hash ? record.bundles : undefined;
  } catch {
    // Never made, or a file of it has gone.
    return undefined;
  }
}

/** Writes the bundles of a recipe into `dist`. */
async function bundle(recipe: ImageRecipe): Promise<string[]> {
  mkdirSync(join(ROOT, recipe.dist), { recursive: true });
  const startedAt = Date.now();
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: recipe.entries,
    outdir: recipe.dist,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  for (const file of result.outputFiles) writeIfChanged(file.path, file.contents);

  const bundles = result.outputFiles.map(({ path }) => relative(ROOT, path));
  const own = Object.keys(result.metafile.inputs).filter((path) => !path.includes("node_modules/"));
  const sources = [...COMMON_SOURCES, ...own];
  // No record without npm's list of the packages, nor of a source that was edited while esbuild was reading.
  const settled = (path: string) =>
    (statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < startedAt;
  if (sources.every(settled)) {
    const record: BundleRecord = { bundles, sources, hash: hashOf([...sources, ...bundles]) };
    writeIfChanged(recordFile(recipe), Buffer.from(JSON.stringify(record)));
  }
  return bundles;
}

function hashOf(files: string[]): string {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(join(ROOT, file));
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/** Bundled files keep their time stamps while their content stays, so Docker's layer cache holds. */
function writeIfChanged(path: string, content: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(content)) return;
  // Two programs (a test's and an operator's) may prepare the same image at once: never show a half file.
  const part = `${path}.${process.pid}`;
  writeFileSync(part, content);
  renameSync(part, path);
}
