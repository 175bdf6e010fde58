import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/**
 * The tree is the architecture: imports go one way.
 * Not proved here: that what lies in a folder belongs there.
 */
const ROOT = join(__dirname, "../..");

/** Parts of the program, with the parts that each may import. Tests, benchmarks and the makers of documents may import all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "exit-codes": [],
  sandbox: [],
  toolchain: [],
  images: [],
  backup: ["warehouse", "schedule", "loaders/core", "exit-codes"],
  clickhouse: [],
  warehouse: ["exit-codes", "clickhouse"],
  "loaders/core": ["warehouse"],
  schedule: ["loaders/core"],
  "loaders/pipeline": ["loaders/core", "exit-codes", "warehouse"],
  "loaders/<source>": ["loaders/pipeline", "loaders/core", "exit-codes", "warehouse"],
  loaders: ["loaders/<source>", "loaders/pipeline", "loaders/core", "schedule", "warehouse", "exit-codes"],
  alerts: ["schedule", "loaders/core", "warehouse", "exit-codes"],
  lint: ["warehouse", "loaders", "loaders/pipeline"],
  config: ["alerts", "schedule", "loaders", "loaders/pipeline", "warehouse"],
  components: [
    "alerts",
    "backup",
    "schedule",
    "config",
    "loaders/pipeline",
    "warehouse",
    "clickhouse",
    "images",
  ],
  ops: [
    "clickhouse",
    "config",
    "warehouse",
    "lint",
    "loaders",
    "loaders/pipeline",
    "loaders/core",
    "schedule",
    "images",
    "exit-codes",
  ],
  index: ["components", "config", "images", "warehouse"],
};

function partOf(file: string): string {
  const [folder = "", second = ""] = file.split("/");
  if (!file.includes("/")) return file.replace(/\.ts$/, "");
  if (folder !== "loaders" || !file.slice("loaders/".length).includes("/")) return folder;
  return ["core", "pipeline"].includes(second) ? `loaders/${second}` : "loaders/<source>";
}

/** Every TypeScript file of the program with the files of it that it imports, types included. */
function readImports(): Map<string, string[]> {
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
    cwd: ROOT,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => existsSync(join(ROOT, file)) && file !== "");
  const known = new Set(files);
  const program = files.filter((file) => !/^(?:test|bench|docs)\//.test(file));
  return new Map(
    program.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, file), "utf8"));
      const own = importedFiles.flatMap(({ fileName }) => {
        if (!fileName.startsWith(".")) return [];
        const path = posix.join(dirname(file), fileName.replace(/\.js$/, ""));
        return [`${path}.ts`, `${path}/index.ts`].filter((candidate) => known.has(candidate));
      });
      return [file, own];
    }),
  );
}

const imports = readImports();

describe("imports", () => {
  test("were found", () => {
    expect(imports.size).toBeGreaterThan(150);
    expect(imports.get("index.ts")).toContain("components/clickhouse.ts");
    expect(imports.get("ops/commands/load.ts")).toContain("ops/actions/load.ts");
  });

  test("go to the parts that a part may know, and to no other", () => {
    const wrong = [...imports].flatMap(([file, own]) =>
      own
        .filter((target) => partOf(target) !== partOf(file) || isOtherSource(file, target))
        .filter((target) => !MAY_IMPORT[partOf(file)]?.includes(partOf(target)))
        .map((target) => `${file} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("make no circle", () => {
    expect(findCircle(imports)).toBeUndefined();
  });
});

/** Two sources know nothing of each other. */
function isOtherSource(file: string, target: string): boolean {
  return partOf(file) === "loaders/<source>" && file.split("/")[1] !== target.split("/")[1];
}

/** Files that import one another in a circle, the first that is found. */
function findCircle(graph: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      const circle = visit(target);
      if (circle) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}
