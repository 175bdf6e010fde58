import type { Judge, Output } from "./check";
import { say, type Text } from "./text";

/** Longest part of an output that a reason quotes. */
const QUOTE = 300;

/** The end of what a command printed, in one line: there it says what went wrong. */
export function lastWords({ stdout, stderr }: Output): string {
  const text = `${stdout}\n${stderr}`.trim().replace(/\s+/g, " ");
  if (text === "") return "-";
  return text.length <= QUOTE ? text : `… ${text.slice(-QUOTE)}`;
}

const firstLine = (text: string): string => text.trim().split("\n")[0]!.slice(0, QUOTE);

/** The command ended with code 0. */
export const succeeds: Judge = (output) => {
  if (output.code === 0) return undefined;
  // Pulumi, Docker's builders and `zakaz` say in one line what failed; what follows is about themselves.
  const told = /(?:\berror: |^zakaz: |^ERROR: |^\w+ failed: ).+$/m
    .exec(`${output.stdout}\n${output.stderr}`)?.[0]
    ?.trim();
  const words = told === undefined ? lastWords(output) : told.slice(0, QUOTE);
  return say(
    `ended with code ${output.code}: ${words}`,
    `команда завершилась с кодом ${output.code}: ${words}`,
  );
};

/** The first demand that is not met. */
export const all =
  (...judges: Judge[]): Judge =>
  (output, known) => {
    for (const judge of judges) {
      const reason = judge(output, known);
      if (reason !== undefined) return reason;
    }
    return undefined;
  };

/** The command ended well and its output is as demanded: `demand` gets it trimmed. */
export const answers = (demand: (text: string, ...rest: Parameters<Judge>) => Text | undefined): Judge =>
  all(succeeds, (output, known) => demand(output.stdout.trim(), output, known));

/** The command ended well and printed exactly this. */
export const prints = (wanted: string): Judge =>
  answers((text) => (text === wanted ? undefined : unexpected(wanted, text)));

/** The command ended well and printed what fits. */
export const fits = (wanted: RegExp, what: Text): Judge =>
  answers((text, { stderr }) =>
    wanted.test(`${text}\n${stderr}`)
      ? undefined
      : say(
          `${what.en} is missing in the output: ${firstLine(text) || "-"}`,
          `в выводе нет ожидаемого (${what.ru}): ${firstLine(text) || "-"}`,
        ),
  );

/** The command ended well and printed nothing. */
export const isSilent = (what: Text): Judge =>
  answers((text) =>
    text === "" ? undefined : say(`${what.en}: ${oneLine(text)}`, `${what.ru}: ${oneLine(text)}`),
  );

/** The command failed, and said so in a sentence that fits, without a stack trace. */
export const failsInASentence = (sentence: RegExp): Judge => {
  return (output) => {
    const { code, stdout, stderr } = output;
    if (code === 0)
      return say(
        "ended with code 0 where it must fail",
        "команда завершилась с кодом 0, хотя должна была завершиться с ошибкой",
      );
    const said = `${stdout}\n${stderr}`;
    if (/^\s+at .+:\d+:\d+\)?$/m.test(said)) {
      return say(
        "failed with a stack trace instead of a sentence",
        "вместо одного предложения выведена трассировка стека",
      );
    }
    if (sentence.test(said)) return undefined;
    return say(
      `does not say what is wrong: ${lastWords(output)}`,
      `не сказано, что случилось: ${lastWords(output)}`,
    );
  };
};

/** The command ended well and printed what a former step kept. */
export const printsAsBefore = (kept: string, what: Text): Judge =>
  answers((text, _, known) =>
    text === known.kept[kept]
      ? undefined
      : say(
          `${what.en} changed: ${firstDifference(known.kept[kept] ?? "", text).join(" → ")}`,
          `изменилось: ${what.ru} (${firstDifference(known.kept[kept] ?? "", text).join(" → ")})`,
        ),
  );

/** The command ended well and printed a number that fits. */
export const counts = (demand: (count: number) => boolean, wanted: Text): Judge =>
  answers((text) => {
    const count = Number(text);
    if (text !== "" && Number.isInteger(count) && demand(count)) return undefined;
    return say(`${firstLine(text)} instead of ${wanted.en}`, `${firstLine(text)} вместо ${wanted.ru}`);
  });

function unexpected(wanted: string, found: string): Text {
  const text = oneLine(found) || "-";
  return say(`printed ${text} instead of ${wanted}`, `выведено ${text} вместо ${wanted}`);
}

/** The first line in which two texts differ, before and after. */
function firstDifference(before: string, after: string): string[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const at = [...old, ...now].findIndex((_, i) => old[i] !== now[i]);
  return [old[at], now[at]].map((line = "-") => oneLine(line));
}

export function oneLine(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length <= QUOTE ? line : `${line.slice(0, QUOTE)} …`;
}
