/**
 * Writes a preview as the comment of a pull request, in Markdown: `node preview-comment.mjs FOLDER FROM TO`. FOLDER holds what was
 * said: preview.json (`pulumi preview --json`), schema.txt and access.txt (`zakaz schema diff`, `zakaz access diff`). Of the
 * resources only names are shown and which inputs differ, never a value.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, from, to] = process.argv.slice(2);
const read = (name) => readFileSync(join(folder, name), "utf8").trim();

const WORDS = {
  create: "created",
  update: "updated",
  delete: "removed",
  replace: "replaced",
  "create-replacement": "replaced",
  "delete-replaced": "replaced",
  read: "read",
  refresh: "refreshed",
};
/** GitHub takes 65,536 characters. */
const LONGEST_PART = 20_000;

/** The last part of a URN is the resource's name, the one before it its type. */
function nameOf(urn) {
  const [type, name] = urn.split("::").slice(-2);
  return { type: type.split("$").at(-1), name };
}

/** Text that ends no table cell and starts no Markdown. */
const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const code = (text) => `\`${cell(text).replaceAll("`", "'")}\``;

/** What changes, one row per resource: a replacement has several steps. */
function changes(steps) {
  const found = new Map();
  for (const { op, urn, detailedDiff, diffReasons, replaceReasons } of steps) {
    const { type, name } = nameOf(urn);
    if (op === "same" || type.startsWith("pulumi:")) continue;
    const inputs = detailedDiff
      ? Object.keys(detailedDiff)
      : [...(replaceReasons ?? []), ...(diffReasons ?? [])];
    const before = found.get(urn);
    found.set(urn, {
      name,
      type,
      word: WORDS[op] ?? op,
      inputs: new Set([...(before?.inputs ?? []), ...(op === "create" || op === "delete" ? [] : inputs)]),
    });
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function fence(title, text) {
  const shown = text.length > LONGEST_PART ? `${text.slice(0, LONGEST_PART)}\n… and more` : text;
  return ["", `### ${title}`, "", "```text", shown.replaceAll("```", "'''"), "```"];
}

const { steps = [], diagnostics = [] } = JSON.parse(read("preview.json"));
const resources = changes(steps);
const said = diagnostics.map(({ severity, message }) => ({
  severity,
  message: message.trim().replace(/^(error|warning): /, ""),
}));
const errors = [
  ...new Set(said.filter(({ severity }) => severity === "error").map(({ message }) => message)),
];
const warnings = [
  ...new Set(said.filter(({ severity }) => severity === "warning").map(({ message }) => message)),
];
const count = resources.length === 1 ? "1 resource" : `${resources.length} resources`;
const verdict =
  errors.length > 0
    ? "**`pulumi up` would be refused.**"
    : resources.length === 0
      ? "Nothing changes."
      : `${count} would change.`;

const lines = [
  "## What `pulumi up` would do",
  "",
  `${verdict} Commit ${code(to.slice(0, 9))} on a running \`dev\` stack of ${code(from.slice(0, 9))}, with sample secrets and the sandbox's data.`,
];
if (errors.length > 0) lines.push(...fence("Refused", errors.join("\n\n")));
if (resources.length > 0) {
  lines.push("", "| resource | | what differs |", "|---|---|---|");
  for (const { name, type, word, inputs } of resources)
    lines.push(`| ${code(name)} (${cell(type)}) | ${word} | ${[...inputs].sort().map(code).join(", ")} |`);
}
if (warnings.length > 0) lines.push(...fence("Said by the preview", warnings.join("\n\n")));
lines.push(...fence("Schema", read("schema.txt")), ...fence("Access", read("access.txt")));
process.stdout.write(`${lines.join("\n")}\n`);
