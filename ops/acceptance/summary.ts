import type { Known } from "./check";
import type { Result } from "./run";
import { say, type Language, type Text } from "./text";
import { formatNumber, formatSeconds } from "./words";

/** What a run has shown; what reports are made of. */
export interface Summary {
  language: Language;
  startedAt: Date;
  seconds: number;
  results: Result[];
  known: Known;
}

/** Rows of TabSeparated that a step has kept; none where it was not reached. */
export function keptRows({ kept }: Known, name: string): string[][] {
  const text = kept[name] ?? "";
  return text === "" ? [] : text.split("\n").map((line) => line.split("\t"));
}

/** Rows of each table before the live run and after it. */
export function countsOf(known: Known): { table: string; before: number; after: number }[] {
  const after = new Map(keptRows(known, "rows after").map(([table = "", n]) => [table, Number(n)]));
  return keptRows(known, "rows before").map(([table = "", n]) => ({
    table,
    before: Number(n),
    after: after.get(table) ?? Number.NaN,
  }));
}

export const firstFailure = (results: readonly Result[]): Result | undefined =>
  results.find(({ state }) => state === "failed");

/** The end of a report, in a few sentences. */
export function conclude({ results, seconds, known, language }: Summary): string {
  const done = results.filter(({ state }) => state === "ok").length;
  const failed = firstFailure(results);
  const time = formatSeconds(seconds, language);
  const text =
    failed === undefined
      ? say(
          `**Accepted.** All ${done} checks are OK, in ${time}. ${whatWasShown(known, language).en}`,
          `**Принято.** Пройдены все проверки (${done}) за ${time}. ${whatWasShown(known, language).ru}`,
        )
      : say(
          `**Not accepted.** Check \`${failed.check.id}\` (${failed.check.title.en}) failed: ${sentence(failed.reason?.en)} ` +
            `${done} of ${results.length} checks are OK, in ${time}. ${whatIsLeft(results).en}`,
          `**Не принято.** Проверка \`${failed.check.id}\` (${failed.check.title.ru}) не пройдена: ${sentence(failed.reason?.ru)} ` +
            `Пройдено проверок: ${done} из ${results.length}, за ${time}. ${whatIsLeft(results).ru}`,
        );
  return text[language];
}

function whatWasShown(known: Known, language: Language): Text {
  const orders = countsOf(known).find(({ table }) => table.endsWith("orders_raw"));
  if (orders === undefined) return say("", "");
  const rows = formatNumber(orders.after, language);
  return say(
    `The stack was built from nothing, loaded twice (${rows} order lines, no doubles), read as DataLens reads it, ` +
      "broken, mended and removed; the checkout is as it was.",
    `Стек построен с нуля, данные загружены дважды (строк заказов: ${rows}, дублей нет) и прочитаны так, как это делает DataLens; ` +
      "после сбоя работа восстановлена, затем всё удалено; рабочая копия не изменилась.",
  );
}

function whatIsLeft(results: readonly Result[]): Text {
  const cleanup = results.find(({ check }) => check.always === true);
  return cleanup?.state === "ok"
    ? say("What this run had made was removed.", "Всё созданное этим прогоном удалено.")
    : say(
        "Removal did not end well: see the last check.",
        "Удаление прошло с ошибкой: см. последнюю проверку.",
      );
}

/** A reason as a sentence; it may end with what somebody else said. */
export const sentence = (reason = "-"): string => (/[.…!?]$/.test(reason) ? reason : `${reason}.`);
