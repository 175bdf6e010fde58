/** The stack comes up, twice, and is what `sql/` says, without a row of data. */
import type { Check, Judge, Step } from "../check";
import { all, answers, counts, fits, oneLine, prints, printsAsBefore, succeeds } from "../judges";
import { same, say, type Text } from "../text";
import { asAdmin } from "../../../warehouse/queries";
import { handImage, query } from "./commands";

/** Tables whose shape the task documents ask to be kept, with columns of which one may not be there. */
const DESCRIBED = {
  dim_events: { has: ["start_date", "end_date", "_loaded_at"], hasNot: ["event_date"] },
  fact_qtickets_inventory: { has: ["tickets_total\tNullable(", "tickets_left\tNullable("], hasNot: [] },
  fact_qtickets_inventory_latest: {
    has: ["tickets_total\tNullable(", "tickets_left\tNullable("],
    hasNot: [],
  },
};

/** Tables that the task documents name one by one. */
const NAMED = [
  "stg_qtickets_api_orders_raw",
  "stg_qtickets_api_inventory_raw",
  "dim_events",
  "fact_qtickets_sales_daily",
  "fact_qtickets_inventory",
  "fact_qtickets_inventory_latest",
  "meta_job_runs",
];

/** Tables and views of `zakaz`. */
const OBJECTS = 31;

/** A command that lists what differs found nothing; the list says more than its last sentence. */
const hasNoDifference: Judge = ({ code, stdout, stderr }) =>
  code === 0 ? undefined : same(oneLine(`${stdout}${stderr}`));

const describe = (table: string): Step["command"] => query(asAdmin`DESCRIBE TABLE zakaz.${table}`);

function hasColumns({ has, hasNot }: { has: readonly string[]; hasNot: readonly string[] }): Judge {
  return answers((text) => {
    const missing = has.filter((column) => !`\n${text}`.includes(`\n${column}`));
    if (missing.length > 0) return say(`lacks ${missing.join(", ")}`, `нет столбцов: ${missing.join(", ")}`);
    const stray = hasNot.filter((column) => `\n${text}`.includes(`\n${column}\t`));
    return stray.length > 0
      ? say(`has ${stray.join(", ")}`, `лишние столбцы: ${stray.join(", ")}`)
      : undefined;
  });
}

const bootstrap: Check = {
  id: "bootstrap",
  title: say("Bootstrap from nothing", "Развёртывание с нуля"),
  demands: say(
    "one command builds the stack; three tables have the columns that they must have",
    "одна команда строит стек; у трёх таблиц есть нужные столбцы",
  ),
  steps: [
    { command: () => "make up", limit: 30 },
    { command: () => "pulumi stack output container", keep: "container" },
    { command: query(asAdmin`SELECT version()`), keep: "server" },
    ...Object.entries(DESCRIBED).map(([table, columns]): Step => ({
      command: describe(table),
      judge: hasColumns(columns),
      keep: `describe ${table}`,
    })),
    {
      command: ({ kept }) => `docker inspect -f '{{.Id}} {{.State.StartedAt}}' ${kept["container"]}`,
      keep: "container id",
    },
  ],
};

const bootstrapAgain: Check = {
  id: "bootstrap-again",
  title: say("A second bootstrap changes nothing", "Повторное развёртывание ничего не меняет"),
  demands: say(
    "preview and a second `make up` show no change; the container and three tables are as they were",
    "предпросмотр и второй `make up` не показывают изменений; контейнер и три таблицы остались прежними",
  ),
  steps: [
    {
      command: () => "pulumi preview --expect-no-changes --non-interactive",
      judge: all((output) => {
        // Without the two halves of each replacement: deletions come first there, and the cause of them all last.
        const changes = [...output.stdout.matchAll(/^\s+(?:\+-|[-+~])\s+\S+ (\S+ \S+)/gm)].map(
          ([, what]) => what!,
        );
        if (changes.length === 0) return undefined;
        const list = oneLine(changes.join(", "));
        return say(`the preview would change something: ${list}`, `предпросмотр обещает изменения: ${list}`);
      }, succeeds),
    },
    {
      command: () => "make up",
      judge: all(succeeds, (output) => {
        const changed = [...output.stdout.matchAll(/^\s+([-+~]+ \d+ \w+)/gm)].map(([, what]) => what!);
        return changed.length === 0
          ? undefined
          : say(
              `the second run changed something: ${changed.join(", ")}`,
              `второй прогон внёс изменения: ${changed.join(", ")}`,
            );
      }),
    },
    ...Object.keys(DESCRIBED).map((table): Step => ({
      command: describe(table),
      judge: printsAsBefore(`describe ${table}`, same(table)),
    })),
    {
      command: ({ kept }) => `docker inspect -f '{{.Id}} {{.State.StartedAt}}' ${kept["container"]}`,
      judge: printsAsBefore("container id", say("the container", "контейнер")),
    },
  ],
};

const health: Check = {
  id: "health",
  title: say("Health", "Состояние сервера"),
  demands: say(
    "Docker says `healthy`, `/ping` answers `Ok.`",
    "Docker сообщает `healthy`, `/ping` отвечает `Ok.`",
  ),
  steps: [
    {
      command: ({ kept }) => `docker inspect -f '{{.State.Health.Status}}' ${kept["container"]}`,
      judge: prints("healthy"),
    },
    {
      command: ({ place }) => `curl -sS http://127.0.0.1:${place.httpPort}/ping`,
      judge: prints("Ok."),
    },
    { command: () => "npx zakaz status" },
  ],
};

const tables: Check = {
  id: "tables",
  title: say("Tables and views", "Таблицы и представления"),
  demands: say(
    `${OBJECTS} objects in zakaz, among them ${NAMED.join(", ")}; the schema is as sql/ says`,
    `в базе zakaz ${OBJECTS} объект, в том числе ${NAMED.join(", ")}; схема соответствует sql/`,
  ),
  steps: [
    {
      command: query(asAdmin`SHOW TABLES FROM zakaz`),
      keep: "tables",
      judge: answers((text) => {
        const names = text.split("\n");
        const missing = NAMED.filter((name) => !names.includes(name));
        if (missing.length > 0)
          return say(`missing: ${missing.join(", ")}`, `не хватает: ${missing.join(", ")}`);
        if (names.length === OBJECTS) return undefined;
        return say(
          `${names.length} objects instead of ${OBJECTS}`,
          `объектов: ${names.length} вместо ${OBJECTS}`,
        );
      }),
    },
    { command: () => "npx zakaz schema diff", judge: hasNoDifference },
  ],
};

const journalEmpty: Check = {
  id: "journal-empty",
  title: say("The journal is empty after bootstrap", "После развёртывания журнал пуст"),
  demands: say("zakaz.meta_job_runs has 0 rows", "в zakaz.meta_job_runs 0 строк"),
  steps: [
    {
      command: query(asAdmin`SELECT count() FROM zakaz.meta_job_runs`),
      judge: counts((n) => n === 0, same("0")),
    },
  ],
};

const noDenial = (output: Parameters<Judge>[0]): Text | undefined =>
  /ACCESS_DENIED/.test(output.stdout + output.stderr)
    ? say("ClickHouse says ACCESS_DENIED", "ClickHouse отвечает ACCESS_DENIED")
    : undefined;

const grants: Check = {
  id: "grants",
  title: say("Users and grants", "Пользователи и права"),
  demands: say(
    "grants are as sql/10_access.sql says and are shown without ACCESS_DENIED; what is allowed works, what is forbidden is refused",
    "права соответствуют sql/10_access.sql и показываются без ACCESS_DENIED; разрешённое работает, запрещённое отклоняется",
  ),
  steps: [
    ...["admin", "etl_writer", "datalens_reader", "backup_user"].map((user): Step => ({
      command: query(asAdmin`SHOW GRANTS FOR ${user}`),
      judge: all(noDenial, fits(/GRANT /, say("a grant", "права"))),
    })),
    { command: () => "npx zakaz access diff", judge: all(noDenial, hasNoDifference) },
    { command: () => "npx zakaz access check", judge: all(noDenial, succeeds) },
  ],
};

const image: Check = {
  id: "image",
  title: say("The loader's image, built without cache", "Образ загрузчика, собранный без кэша"),
  demands: say(
    "it builds; its id is known, and its date is not before the start of this run",
    "образ собирается; известны его идентификатор и дата — не раньше начала прогона",
  ),
  steps: [
    {
      command: (known) => `docker build --no-cache -f loaders/Dockerfile -t ${handImage(known)} .`,
      keep: "build",
    },
    {
      command: (known) => `docker image inspect -f '{{.Id}} {{.Created}}' ${handImage(known)}`,
      keep: "image",
      judge: answers((text, _, { startedAt }) => {
        const [, created = ""] = text.split(" ");
        // Engines round down to the second.
        if (Date.parse(created) >= startedAt.getTime() - 1000) return undefined;
        return say(`the image is older than this run: ${text}`, `образ старше этого прогона: ${text}`);
      }),
    },
    {
      command: (known) => `docker run --rm ${handImage(known)} --help`,
      judge: fits(/--envfile/, say("the loader's help", "справка загрузчика")),
    },
  ],
};

export const stackChecks = [bootstrap, bootstrapAgain, health, tables, journalEmpty, grants, image];
