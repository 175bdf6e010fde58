import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { buildSync } from "esbuild";
import { mentionsIn, type CodeQuery } from "./queries";
import type { Program } from "./program";

/** Files that build statements at run time, each with the function that gives all of them. */
const BUILDERS = [
  { file: "loaders/qtickets/derive.ts", function: "deriveStatements" },
  { file: "loaders/vk-ads/derive.ts", function: "deriveStatements" },
];

/**
 * All statements of the code: those that stand in it, and those that such a function gives. What stands in its file
 * with gaps is a part of them, and its tag says who runs them.
 * @param root repository (or a copy of it)
 */
export function withBuiltQueries(root: string, program: Program, found: CodeQuery[]): CodeQuery[] {
  return BUILDERS.reduce((queries, builder) => {
    const { file } = builder;
    const parts = queries.filter((query) => query.file === file && query.sql === undefined && query.user);
    const kept = queries.filter((query) => !parts.includes(query));
    const known = new Set(kept.map(({ sql }) => sql));
    const built = evaluate(root, builder)
      .filter(({ sql }) => !known.has(sql))
      .map(({ sql, table }) => ({
        file,
        line: program.lineOf(file, `"${table}"`),
        user: parts[0]?.user,
        sql,
        mentions: mentionsIn(sql),
      }));
    return [...kept, ...built];
  }, found);
}

interface Builder {
  file: string;
  function: string;
}

/** Runs the function of the file as it lies in the tree, whatever was loaded of it before. */
function evaluate(root: string, { file, function: name }: Builder): { sql: string; table: string }[] {
  const options = { bundle: true, write: false, platform: "node", format: "cjs", target: "node22" } as const;
  const { outputFiles } = buildSync({ ...options, entryPoints: [join(root, file)], logLevel: "silent" });
  const context = createContext({ module: { exports: {} }, require });
  runInContext(outputFiles[0]?.text ?? "", context, { filename: file });
  return runInContext(`module.exports.${name}()`, context) as { sql: string; table: string }[];
}
