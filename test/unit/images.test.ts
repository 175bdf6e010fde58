import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type ImageRecipe, localServerImage, prepareImage, ROOT } from "../../images";

/** When bundles are made, and when those in `dist` serve. Not proved here: that Docker builds from them (integration and e2e do). */
const built = vi.hoisted(() => [] as unknown[]);
vi.mock("esbuild", async (original) => {
  const actual = await original<typeof import("esbuild")>();
  return { ...actual, build: (options: never) => (built.push(options), actual.build(options)) };
});

let folder: string;
let recipe: ImageRecipe;
const path = (name: string) => join(folder, name);
const bundle = () => readFileSync(path("dist/main.js"), "utf8");

function write(name: string, text: string, secondsAgo = 60): void {
  writeFileSync(path(name), text);
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(path(name), time, time);
}

/** Hash of the image, and how often esbuild ran for it. */
async function prepare(): Promise<[hash: string, runs: number]> {
  const before = built.length;
  return [await prepareImage(recipe), built.length - before];
}

beforeEach(() => {
  mkdirSync(join(ROOT, ".zakaz"), { recursive: true });
  folder = mkdtempSync(join(ROOT, ".zakaz", "images-test-"));
  const context = relative(ROOT, folder);
  recipe = {
    context,
    dockerfile: "Dockerfile",
    dist: join(context, "dist"),
    entries: { main: join(context, "main.ts") },
  };
  write("Dockerfile", "FROM scratch\n");
  write("main.ts", 'import { word } from "./word";\nconsole.log(word);\n');
  write("word.ts", 'export const word: string = "one";\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

it("names the development server's image by all that is in clickhouse/image, file after file", () => {
  // Set-up calls it the same: test/integration/toolchain/setup.test.ts.
  const hash = execFileSync("sh", ["-c", "cat clickhouse/image/* | sha256sum"], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  expect(localServerImage()).toBe(`zakaz/clickhouse:${hash.toString().slice(0, 12)}`);
});

it("bundles once, and takes what lies there while nothing has changed", async () => {
  const [hash, runs] = await prepare();
  expect(runs).toBe(1);
  expect(bundle()).toContain('"one"');
  expect(await prepare()).toEqual([hash, 0]);
});

it("bundles again after an edit of any source, with another hash, and the same hash for the same content", async () => {
  const [first] = await prepare();
  write("word.ts", 'export const word: string = "two";\n');
  const [second, runs] = await prepare();
  expect([runs, second === first]).toEqual([1, false]);
  expect(bundle()).toContain('"two"');
  write("word.ts", '// a comment\nexport const word: string = "one";\n');
  expect(await prepare()).toEqual([first, 1]);
});

it("makes a bundle anew that was removed or altered", async () => {
  const [hash] = await prepare();
  writeFileSync(path("dist/main.js"), "altered");
  expect(await prepare()).toEqual([hash, 1]);
  rmSync(path("dist/main.js"));
  expect(await prepare()).toEqual([hash, 1]);
  expect(bundle()).toContain('"one"');
});

it("keeps no record when a source may have been edited while it was read", async () => {
  write("word.ts", 'export const word: string = "one";\n', -60);
  const [hash] = await prepare();
  expect(existsSync(path("dist/bundles.json"))).toBe(false);
  expect(await prepare()).toEqual([hash, 1]);
});

it("counts the Dockerfile, which is in no bundle", async () => {
  const [first] = await prepare();
  write("Dockerfile", "FROM scratch\nUSER 1\n");
  const [second, runs] = await prepare();
  expect([runs, second === first]).toEqual([0, false]);
});
