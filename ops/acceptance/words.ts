import { say, type Language, type Text } from "./text";

/** Headings and words of a report. */
export const words = {
  title: say("Acceptance of the Zakaz warehouse", "Приёмка хранилища Zakaz"),
  conclusion: say("Conclusion", "Заключение"),
  environment: say("Environment", "Окружение"),
  checklist: say("Checklist", "Чек-лист"),
  counts: say("Rows before and after the live run", "Количество строк до и после рабочей загрузки"),
  pictures: say("Pictures", "Графики"),
  commands: say("Commands and their output", "Команды и их вывод"),
  check: say("Check", "Проверка"),
  what: say("What is checked", "Что проверяется"),
  result: say("Result", "Результат"),
  duration: say("Duration", "Длительность"),
  reason: say("Reason", "Причина"),
  table: say("Table", "Таблица"),
  before: say("Before", "До"),
  after: say("After", "После"),
  demanded: say("Demanded", "Требование"),
  output: say("output", "вывод"),
  exitCode: say("exit code", "код завершения"),
  inFolder: say("in", "в каталоге"),
  began: say("Began", "Начало"),
  commit: say("Commit", "Коммит"),
  os: say("Operating system", "Операционная система"),
  server: say("ClickHouse", "ClickHouse"),
  image: say("Loader's image", "Образ загрузчика"),
  instance: say("Instance and ports", "Экземпляр и порты"),
  notReached: say("not reached", "не получено"),
  report: say("Report", "Отчёт"),
  audit: say("Zakaz: runs of the acceptance", "Zakaz: прогоны приёмки"),
} satisfies Record<string, Text>;

export const STATES = {
  ok: say("OK", "OK"),
  failed: say("FAIL", "FAIL"),
  "not run": say("not run", "не запускалась"),
};

/** Explains how the commands of a report are typed by hand. */
export const howToType = say(
  'Commands are run by bash in the fresh clone, after `eval "$(toolchain/env)"` there, with admin\'s password in the environment: ' +
    '`export CLICKHOUSE_PASSWORD="$(pulumi config get zakaz:adminPassword)"`. Where a command ran in another folder, that is said. Secrets are shown as `***`.',
  'Команды выполняет bash в свежем клоне после `eval "$(toolchain/env)"`; пароль admin передаётся через окружение: ' +
    '`export CLICKHOUSE_PASSWORD="$(pulumi config get zakaz:adminPassword)"`. Если команда выполнена в другом каталоге, это указано. ' +
    "Секреты заменены на `***`.",
);

const NBSP = "\u00a0";

const LOCALES: Record<Language, string> = { en: "en-GB", ru: "ru-RU" };

/** A number as people of the language write it. */
export function formatNumber(value: number, language: Language, digits = 0): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(LOCALES[language], options).format(value);
}

/** A duration: `4.2 s`, `3 min 05 s`; a number stays with its unit. */
export function formatSeconds(seconds: number, language: Language): string {
  const { s, min } = language === "ru" ? { s: "с", min: "мин" } : { s: "s", min: "min" };
  if (seconds < 60) return `${formatNumber(seconds, language, 1)}${NBSP}${s}`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}${NBSP}${min} ${String(whole % 60).padStart(2, "0")}${NBSP}${s}`;
}

/** A day such as `2026-11-29`, short: `29 Nov`, `29 нояб.` */
export function formatDay(day: string, language: Language): string {
  const format = new Intl.DateTimeFormat(LOCALES[language], {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  return format.format(new Date(`${day}T00:00:00Z`));
}

/** A moment in Moscow time. */
export function formatTime(moment: Date, language: Language): string {
  const format = new Intl.DateTimeFormat(LOCALES[language], {
    dateStyle: "long",
    timeStyle: "medium",
    timeZone: "Europe/Moscow",
  });
  return `${format.format(moment)} (${language === "ru" ? "МСК" : "Moscow"})`;
}
