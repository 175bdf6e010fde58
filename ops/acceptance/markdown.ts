import { stripVTControlCharacters } from "node:util";
import type { Picture } from "./pictures";
import type { Ran, Result } from "./run";
import { conclude, countsOf, sentence, type Summary } from "./summary";
import type { Language } from "./text";
import { formatNumber, formatSeconds, formatTime, howToType, STATES, words } from "./words";

/** Lines of an output that are shown: of a longer one its beginning and its end. */
const FIRST_LINES = 60;
const LAST_LINES = 120;

/** The whole report as Markdown; pictures are files beside it. */
export function toMarkdown(summary: Summary, pictures: readonly Picture[]): string {
  const { language, results } = summary;
  const title = (key: keyof typeof words) => `## ${words[key][language]}`;
  return `${[
    `# ${words.title[language]}`,
    title("conclusion"),
    escapeText(conclude(summary)),
    title("environment"),
    environment(summary),
    title("checklist"),
    checklist(results, language),
    ...(countsOf(summary.known).length === 0 ? [] : [title("counts"), counts(summary)]),
    ...(pictures.length === 0 ? [] : [title("pictures")]),
    ...pictures.map((picture) => `![${picture.title}](${picture.file})`),
    title("commands"),
    howToType[language],
    ...results.filter(({ ran }) => ran.length > 0).map((result) => commandsOf(result, summary)),
  ].join("\n\n")}\n`;
}

/** The block of one run in the list of all runs. */
export function toBlock(summary: Summary, folder: string): string {
  const { language, results, startedAt } = summary;
  return `${[
    `## ${formatTime(startedAt, language)}`,
    escapeText(conclude(summary)),
    environment(summary),
    checklist(results, language),
    ...(countsOf(summary.known).length === 0 ? [] : [counts(summary)]),
    `${words.report[language]}: \`${folder}\``,
  ].join("\n\n")}\n`;
}

function environment({ known, language, startedAt, seconds }: Summary): string {
  const { kept, place } = known;
  const rows: [string, string | undefined][] = [
    [words.began[language], formatTime(startedAt, language)],
    [words.duration[language], formatSeconds(seconds, language)],
    [words.commit[language], kept["commit"]],
    [words.os[language], kept["os"]],
    ["Docker", kept["docker"]],
    ["Pulumi", kept["pulumi"]],
    ["Node", kept["node"]],
    [words.server[language], kept["server"]],
    [words.image[language], kept["image"]],
    [words.instance[language], `${place.instance}, 127.0.0.1:${place.httpPort}, ${place.nativePort}`],
  ];
  return table(
    ["", ""],
    rows.map(([name, value]) => [name, value ?? words.notReached[language]]),
  );
}

function checklist(results: readonly Result[], language: Language): string {
  const hasReason = results.some(({ reason }) => reason !== undefined);
  const rows = results.map(({ check, state, seconds, reason }) => [
    STATES[state][language],
    `\`${check.id}\``,
    check.title[language],
    state === "not run" ? "" : formatSeconds(seconds, language),
    ...(hasReason ? [reason?.[language] ?? ""] : []),
  ]);
  const heads = [words.result, words.check, words.what, words.duration, ...(hasReason ? [words.reason] : [])];
  return table(
    heads.map((head) => head[language]),
    rows,
  );
}

function counts({ known, language }: Summary): string {
  const rows = countsOf(known).map(({ table: name, before, after }) => [
    `\`${name}\``,
    formatNumber(before, language),
    Number.isNaN(after) ? words.notReached[language] : formatNumber(after, language),
  ]);
  return table([words.table[language], words.before[language], words.after[language]], rows, [1, 2]);
}

function commandsOf({ check, state, reason, ran, seconds }: Result, { language, known }: Summary): string {
  const open = state === "failed" ? " open" : "";
  const what = `${check.id}: ${check.title[language]} (${formatSeconds(seconds, language)})`;
  const head = `<details${open}><summary><b>${STATES[state][language]}</b> ${what}</summary>`;
  return [
    head,
    `${words.demanded[language]}: ${check.demands[language]}.`,
    ...(reason === undefined
      ? []
      : [`**${words.reason[language]}: ${escapeText(sentence(reason[language]))}**`]),
    ...ran.map((one) => commandOf(one, language, known.place.clone)),
    "</details>",
  ].join("\n\n");
}

function commandOf(
  { command, folder, output, hidden, seconds }: Ran,
  language: Language,
  clone: string,
): string {
  const text = stripVTControlCharacters(`${output.stdout}${output.stderr}`).trimEnd();
  const lines = text === "" ? 0 : text.split("\n").length;
  const size = { en: `lines: ${lines}, searched, not shown`, ru: `строк: ${lines}; проверено, не показано` }[
    language
  ];
  const where = folder === clone ? "" : `; ${words.inFolder[language]} \`${folder}\``;
  const code = `${words.exitCode[language]} ${output.code}; ${formatSeconds(seconds, language)}${where}`;
  return [
    fenced(command, "sh"),
    hidden ? `${size}; ${code}` : code,
    ...(hidden || text === "" ? [] : [fenced(shorten(text, language), "text")]),
  ].join("\n\n");
}

function shorten(text: string, language: Language): string {
  const lines = text.split("\n");
  const over = lines.length - FIRST_LINES - LAST_LINES;
  if (over <= 0) return text;
  const gap = { en: `… ${over} lines left out …`, ru: `… пропущено строк: ${over} …` }[language];
  return [...lines.slice(0, FIRST_LINES), gap, ...lines.slice(-LAST_LINES)].join("\n");
}

/** A block of code whose fence is longer than any in it. */
function fenced(text: string, kind: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${kind}\n${text}\n${fence}`;
}

/** @param right columns of numbers */
function table(heads: string[], rows: string[][], right: number[] = []): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;
  const rule = heads.map((_, i) => (right.includes(i) ? "---:" : "---"));
  return [line(heads), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

const cell = (text: string): string => escapeText(text).replaceAll("|", "\\|").replaceAll("\n", " ");

/** Text in which nothing is taken for a tag. */
const escapeText = (text: string): string => text.replaceAll("<", "&lt;");
