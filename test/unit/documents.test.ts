import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { drawTerminal } from "../../docs/draw/terminal";
import { ROOT } from "../../images";
import { commands } from "../../ops/commands";
import {
  anchorOf,
  commandsOf,
  type Document,
  documents,
  fences,
  filesOfGit,
  readDocument,
  tokensOf,
} from "../support/documents";

/** Longest line of a document; a row of a table cannot be broken. */
const LONGEST_LINE = 160;

/** Languages of fences. Commands are `sh`, so that the end-to-end test sees them; no language: pictures and output. */
const LANGUAGES = ["", "sh", "sql", "ts", "yaml"];

/** What a command begins with; a fence that is no `sh` must not hide one. */
const COMMAND = /^\s*(?:\$ |(?:npx|make|pulumi|docker|curl|git|node|npm|sudo|eval|export|cat|cp) [\w-])/;

/** Endings of the repository's files. */
const FILE = /\.(?:ts|mts|mjs|cjs|md|sql|sh|xml|json|ya?ml|csv|txt|c|h|svg|sample)$/;

/** What lies elsewhere: in the server's container, in a vendor's API, at GitHub, somebody's own. */
const ELSEWHERE =
  /^(?:users\.d\/admin\.xml|throttling\.json|actions\/[a-z-]+|\w+\.env|(?:plan|direct|answers|sbom|reader|report)\.\w+)$/;

const all = documents();
const anchors = new Map(
  all.map((document) => [document.path, tokensOf(document, "heading").map(({ text }) => anchorOf(text))]),
);

/** Files that are no part of the repository because git is told to ignore them: they are made by a command. */
const isIgnored = (path: string): boolean => {
  try {
    execFileSync("git", ["check-ignore", "-q", path], { cwd: ROOT });
    return true;
  } catch {
    return false;
  }
};

/** Links of a document that lead nowhere, as a sentence each. */
function brokenLinks(document: Document): string[] {
  const targets = [...tokensOf(document, "link"), ...tokensOf(document, "image")].map(({ href }) => href);
  return targets.flatMap((href) => {
    if (/^(?:https?|mailto):/.test(href)) return [];
    const [path = "", anchor] = href.split("#");
    const target = path === "" ? document.path : normalize(join(dirname(document.path), path));
    if (!existsSync(join(ROOT, target))) return [`${document.path}: the link ${href} leads to no file`];
    if (anchor === undefined || anchors.get(target)?.includes(anchor)) return [];
    return [`${document.path}: the link ${href} leads to no heading`];
  });
}

/** Files of the repository and their folders, `docs/` and `docs/schema.md`. */
const paths = [
  ...new Set(
    filesOfGit().flatMap((path) =>
      path
        .split("/")
        .map((_, i, parts) => parts.slice(0, i + 1).join("/") + (i + 1 < parts.length ? "/" : "")),
    ),
  ),
];
const folders = new Set(paths.filter((path) => path.endsWith("/")).map((path) => path.split("/").at(-2)));

/** Whether the repository has it, under this name or at the end of a longer one: a document of a folder names what is below. */
function exists(path: string): boolean {
  const below = path.replace(/^(?:\.\.?\/)+/, "");
  if (below.includes("*")) return paths.some((each) => matchesGlob(each, `**/${below}`));
  return paths.some((each) =>
    [each, each.replace(/\/$/, "")].some((name) => name === below || name.endsWith(`/${below}`)),
  );
}

/** Paths in backticks that are no file of the repository, as a sentence each. */
function brokenPaths(document: Document): string[] {
  return tokensOf(document, "codespan").flatMap(({ text }) => {
    if (/[\s<>…$~"'=:()]|NNNN|NAME|^[/-]|^\.{3}/.test(text) || ELSEWHERE.test(text)) return [];
    const [first, ...rest] = text.split("/");
    if (!FILE.test(text) && !(rest.length > 0 && folders.has(first))) return [];
    if (exists(text) || isIgnored(text)) return [];
    return [`${document.path}: there is no file ${text}`];
  });
}

/** Lines that are too long, as a sentence each. */
function longLines({ path, text }: Document): string[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.startsWith("|") || line.length <= LONGEST_LINE) return [];
    return [`${path}:${i + 1}: ${line.length} characters, ${LONGEST_LINE} are the most`];
  });
}

/** Fences and comments that would escape the test that runs commands, as a sentence each. */
function badFences(document: Document): string[] {
  const blocks = fences(document);
  const marks = blocks.filter(({ notRun }) => notRun !== undefined).length;
  const comments = document.text.split("\n").filter((line) => line.includes("<!--")).length;
  return [
    ...(comments === marks
      ? []
      : [`${document.path}: a comment is no mark "not run" in the line above a fence`]),
    ...blocks.flatMap(({ place, language, lines, notRun }) => {
      if (!LANGUAGES.includes(language)) return [`${place}: write \`\`\`sh instead of \`\`\`${language}`];
      if (language !== "sh" && notRun !== undefined) return [`${place}: only commands need a mark`];
      if (notRun !== undefined && notRun.split(" ").length < 3) return [`${place}: say why it is not run`];
      const hidden = language === "" ? lines.filter(({ text }) => COMMAND.test(text)) : [];
      return hidden.map(({ text }) => `${place}: a command in a fence that is not sh: ${text.trim()}`);
    }),
  ];
}

/** Names of folders of one machine, and hosts of registries, as a sentence each. */
function machineNames({ path, text }: Document): string[] {
  const names =
    /(?:^|[\s"'`(=])\/(?:home|root|tmp|work|Users|mnt)\/|\b(?:registry\.npmjs|npmjs\.org|pypi\.org|pythonhosted|proxy\.golang|deb\.debian|archive\.ubuntu|ghcr\.io|docker\.io\/)/;
  return text
    .split("\n")
    .flatMap((line, i) => (names.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : []));
}

describe("the documents", () => {
  it.each([
    ["links lead somewhere", brokenLinks],
    ["paths exist", brokenPaths],
    ["lines are short", longLines],
    ["fences are run or say why not", badFences],
    ["no machine's folder and no registry's host is named", machineNames],
  ] as const)("%s", (_, check) => {
    expect(all.flatMap(check)).toEqual([]);
  });
});

describe("commands and targets", () => {
  // `complete` needs all others and is put beside them by ops/main.ts.
  const verbs = [
    "complete",
    ...commands.flatMap((command) =>
      "commands" in command ? command.commands.map(({ name }) => `${command.name} ${name}`) : [command.name],
    ),
  ];
  const groups = commands.flatMap((command) => ("commands" in command ? [command.name] : []));
  const targets = readFileSync(join(ROOT, "Makefile"), "utf8")
    .split("\n")
    .flatMap((line) => /^([a-z0-9 -]+):.*## /.exec(line)?.[1]?.split(" ") ?? []);
  const readme = all.find(({ path }) => path === "README.md")!.text;
  /** What stands behind a word in code of any document, with its document. */
  const named = (pattern: RegExp) =>
    all.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([, name]) => `${path}: ${name}`));

  it("are in README.md, each of them", () => {
    const missing = [
      ...commands.map(({ name }) => `npx zakaz ${name}`),
      ...targets.map((target) => `make ${target}`),
    ].filter((typed) => !readme.includes(`\`${typed}`));
    expect(missing).toEqual([]);
  });

  it("that a document names are there", () => {
    const verb = named(/npx zakaz ((?:schema|access) [a-z]+|[a-z][a-z-]*)/g);
    expect(verb.filter((found) => ![...verbs, ...groups].includes(found.split(": ")[1]!))).toEqual([]);
    const target = named(/`(?:[A-Z_]+=\S+ )?make (?:-s )?([a-z][a-z0-9-]*)/g);
    expect(target.filter((found) => !targets.includes(found.split(": ")[1]!))).toEqual([]);
  });
});

describe("the changelog", () => {
  it("begins with the version of the package", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    const [newest] = /^## \d+\.\d+\.\d+/m.exec(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8")) ?? [];
    expect(newest).toBe(`## ${version}`);
  });
});

describe("the picture of a terminal", () => {
  it("has each line as text, in the colours of its words, with blanks that stay", () => {
    const svg = drawTerminal(
      "Server     \u001b[32mhealthy\u001b[39m, a<b & c\n\n\u001b[31mbroken\u001b[39m\tx\n",
    );
    const lines = [...svg.matchAll(/<text x="16" y="(\d+)">(.*)<\/text>/g)].map(([, y, text]) => [y, text]);
    expect(lines).toEqual([
      [
        "29",
        'Server     <tspan fill="#7ee787">healthy</tspan>, a&lt;b &amp; c'.replaceAll(
          /(?<!<tspan) /g,
          "\u00a0",
        ),
      ],
      ["47", ""],
      ["65", '<tspan fill="#ff7b72">broken</tspan>\u00a0\u00a0\u00a0\u00a0x'],
    ]);
    expect(svg).toContain('viewBox="0 0 247 86"');
  });
});

describe("what these checks see", () => {
  const document = (text: string) => readDocument("docs/README.md", text);

  it("a link to a file or heading that is not there", () => {
    const text =
      "[a](../README.md) [b](no.md) [c](adr/README.md#decisions) [d](adr/README.md#none) [e](#none)";
    expect(brokenLinks(document(text))).toEqual([
      "docs/README.md: the link no.md leads to no file",
      "docs/README.md: the link adr/README.md#none leads to no heading",
      "docs/README.md: the link #none leads to no heading",
    ]);
  });

  it("a path that is not there, relative to the root or to the document", () => {
    const text =
      "`docs/schema.md` `schema.md` `adr/` `sql/*.sql` `sql/99_*.sql` `loader/x.ts` `reports/x.md` `a/b` `docs/x/`";
    expect(brokenPaths(document(text))).toEqual([
      "docs/README.md: there is no file sql/99_*.sql",
      "docs/README.md: there is no file loader/x.ts",
      "docs/README.md: there is no file docs/x/",
    ]);
  });

  it("a long line that is no row of a table", () => {
    expect(longLines(document(`${"x".repeat(161)}\n| ${"x".repeat(161)} |\n${"ж".repeat(160)}`))).toEqual([
      "docs/README.md:1: 161 characters, 160 are the most",
    ]);
  });

  it("a fence that would not be run", () => {
    const text = [
      "<!-- todo -->",
      "```bash",
      "ls",
      "```",
      "<!-- not run: no -->",
      "```sh",
      "ls",
      "```",
      "```",
      "npx zakaz",
      "```",
    ];
    expect(badFences(document(text.join("\n")))).toEqual([
      'docs/README.md: a comment is no mark "not run" in the line above a fence',
      "docs/README.md:2: write ```sh instead of ```bash",
      "docs/README.md:6: say why it is not run",
      "docs/README.md:9: a command in a fence that is not sh: npx zakaz",
    ]);
  });

  it("a folder of one machine, a registry's host", () => {
    const text = "see `/home/anna/x`\nfrom https://registry.npmjs.org/x\nin /var/lib/zakaz and `a/home/b`";
    expect(machineNames(document(text))).toEqual([
      "docs/README.md:1: see `/home/anna/x`",
      "docs/README.md:2: from https://registry.npmjs.org/x",
    ]);
  });

  it("the commands of a fence, by line, without remarks", () => {
    const text = [
      "```sh",
      "# first",
      "make up      # builds it",
      "curl -d \\",
      "  x#y # z",
      "```",
      "<!-- not run: needs a terminal -->",
      "```sh",
      "top",
      "```",
    ];
    expect(commandsOf(document(text.join("\n")))).toEqual([
      { document: "docs/README.md", line: 3, text: "make up" },
      { document: "docs/README.md", line: 4, text: "curl -d \\\n  x#y # z" },
    ]);
  });
});
