import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lexer, type Token, walkTokens } from "marked";
import { ROOT } from "../../images";

/** A fenced block of a document. */
export interface Fence {
  /** `README.md:27`: where its first line stands. */
  place: string;
  language: string;
  lines: { line: number; text: string }[];
  /** Why a test cannot run it, from `<!-- not run: … -->` in the line above it. */
  notRun?: string;
}

/** A command that a document tells its readers to type. */
export interface DocumentedCommand {
  document: string;
  line: number;
  /** As it stands there, without the remark behind it. */
  text: string;
}

export interface Document {
  /** Relative to the root of the repository. */
  path: string;
  text: string;
  tokens: Token[];
}

/** Files that git knows or would add, relative to the root of the repository. */
export function filesOfGit(...patterns: string[]): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z", ...patterns];
  return execFileSync("git", args, { cwd: ROOT }).toString().split("\0").filter(Boolean);
}

/** Every Markdown file of the repository, README.md first: it is what people begin with. */
export function documents(): Document[] {
  const paths = filesOfGit("*.md").sort();
  return [
    ...paths.filter((path) => path === "README.md"),
    ...paths.filter((path) => path !== "README.md"),
  ].map((path) => readDocument(path, readFileSync(join(ROOT, path), "utf8")));
}

export const readDocument = (path: string, text: string): Document => ({ path, text, tokens: lexer(text) });

/** Tokens of one kind, wherever they stand in a document. */
export function tokensOf<Type extends Token["type"]>(
  { tokens }: Document,
  type: Type,
): Extract<Token, { type: Type }>[] {
  const found: Token[] = [];
  void walkTokens(tokens, (token) => {
    if (token.type === type) found.push(token);
  });
  return found as Extract<Token, { type: Type }>[];
}

const FENCE = /^```(\w*)$/;
const NOT_RUN = /^<!-- not run: (.+) -->$/;

/** The fenced blocks of a document. A fence that is indented or of other characters is refused: no test would see it. */
export function fences({ path, text }: Document): Fence[] {
  const lines = text.split("\n");
  const found: Fence[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i]!;
    if (/^\s*(?:```|~~~)/.test(line) && !FENCE.test(line))
      throw new Error(`${path}:${i + 1}: write the fence as \`\`\`sh at the margin`);
    const language = FENCE.exec(line)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", i + 1);
    if (end === -1) throw new Error(`${path}:${i + 1}: the fence has no end`);
    const notRun = NOT_RUN.exec(lines[i - 1] ?? "")?.[1];
    found.push({
      place: `${path}:${i + 1}`,
      language,
      lines: lines.slice(i + 1, end).map((each, k) => ({ line: i + 2 + k, text: each })),
      ...(notRun === undefined ? {} : { notRun }),
    });
    i = end;
  }
  return found;
}

/** The commands of a document's ```sh fences that a test is to run, in order. A line that ends with `\` goes on in the next. */
export function commandsOf(document: Document): DocumentedCommand[] {
  const run = fences(document).filter(({ language, notRun }) => language === "sh" && notRun === undefined);
  return run.flatMap(({ lines }) => {
    const commands: DocumentedCommand[] = [];
    let goesOn = false;
    for (const { line, text } of lines) {
      if (goesOn) commands.at(-1)!.text += `\n${text}`;
      else if (withoutRemark(text) !== "")
        commands.push({ document: document.path, line, text: withoutRemark(text) });
      goesOn = text.endsWith("\\");
    }
    return commands;
  });
}

/** A line without the remark that begins with `#` behind blanks, or at the margin. */
const withoutRemark = (line: string): string => line.replace(/(?:^|\s+)# .*$/, "").trimEnd();

/** The anchor that GitHub and GitLab give a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
