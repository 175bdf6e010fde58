/** Faults and their repair, the project's own checks, secrets, and the end. */
import type { Check, Known, Step } from "../check";
import { all, answers, failsInASentence, fits, isSilent, printsAsBefore, succeeds } from "../judges";
import { say } from "../text";
import { asAdmin } from "../../../warehouse/queries";
import { handImage, listings, query, untilHealthy } from "./commands";

const serverDown: Check = {
  id: "server-down",
  title: say("Server stopped and started", "Остановка и запуск сервера"),
  demands: say(
    "without a server the loader fails in one sentence; with it the next run is ok",
    "без сервера загрузчик завершается с ошибкой и объясняет её одним предложением; после запуска загрузка проходит",
  ),
  steps: [
    { command: ({ kept }) => `docker stop ${kept["container"]}` },
    { command: () => "npx zakaz load", judge: failsInASentence(/ClickHouse/) },
    { command: ({ kept }) => `docker start ${kept["container"]}` },
    { command: untilHealthy },
    { command: () => "npx zakaz load" },
    {
      command: query(
        asAdmin`SELECT argMax(status, started_at) FROM zakaz.meta_job_runs WHERE job = 'qtickets_api'`,
      ),
      judge: answers((text) =>
        text === "ok"
          ? undefined
          : say(`the newest run has status ${text}`, `последний прогон имеет статус ${text}`),
      ),
    },
  ],
};

const validator: Check = {
  id: "validator",
  title: say("Validator of the schema", "Проверка схемы"),
  demands: say(
    "validate passes, and finds a view of a column that does not exist",
    "validate проходит и находит представление, которое читает несуществующий столбец",
  ),
  steps: [
    {
      command: () => "npx zakaz validate",
      judge: fits(
        /Schema validation passed\./,
        say("`Schema validation passed.`", "`Schema validation passed.`"),
      ),
    },
    {
      command: () =>
        `echo 'CREATE VIEW zakaz.v_planted AS SELECT no_such_column FROM zakaz.dim_events;' >> sql/50_views.sql; ` +
        `npx zakaz validate; code=$?; git checkout --quiet sql/50_views.sql; exit $code`,
      judge: ({ code, stdout, stderr }) => {
        if (code === 1 && (stdout + stderr).includes("no_such_column")) return undefined;
        return say(
          `the planted fault was not found (code ${code})`,
          `подложенная ошибка не найдена (код ${code})`,
        );
      },
    },
  ],
};

const passed = all(succeeds, fits(/Tests\s+\d+ passed/, say("a test that passed", "пройденные тесты")));

const tests: Check = {
  id: "tests",
  title: say("Tests", "Тесты"),
  demands: say(
    "unit tests pass, and those of VK Ads with a real server",
    "модульные тесты и тесты VK Ads с настоящим сервером проходят",
  ),
  steps: [
    { command: () => "npx vitest run --project unit", judge: passed, limit: 30 },
    {
      command: () => "npx vitest run --project integration test/integration/loaders/vk-ads/load.test.ts",
      judge: passed,
      limit: 30,
    },
  ],
};

/** Where a secret could be left behind, and what shows it. Every output is searched; of these only the size is told. */
const secrets: Check = {
  id: "secrets",
  title: say("No secret in any log", "Секретов нет ни в одном логе"),
  demands: say(
    "no secret in what the commands above printed, in logs, in what Docker shows, in the server's query log or in the stack's state",
    "секретов нет в выводе предыдущих команд, в логах, в данных Docker, в журнале запросов сервера и в состоянии стека",
  ),
  steps: [
    ({ kept }: Known) => `docker logs ${kept["container"]} 2>&1`,
    ({ kept }: Known) => `docker inspect ${kept["container"]}`,
    ({ kept }: Known) => `docker exec ${kept["container"]} sh -c 'cat /var/log/clickhouse-server/*.log'`,
    query("SYSTEM FLUSH LOGS"),
    query(asAdmin`SELECT query, exception FROM system.query_log`),
    query(asAdmin`SELECT message FROM system.text_log`),
    () => "pulumi stack export",
    () => "find .zakaz/log -type f -exec cat {} +",
  ].map((command): Step => ({ command, hidden: true })),
};

/** A run that made no clone has made nothing: what is there is not its own. */
const ifMade =
  (command: Step["command"]): Step["command"] =>
  (known) =>
    `[ ! -e ${known.place.clone} ] || ${command(known)}`;

/** What `make down` left, if it did, goes all the same: at the beginning nothing had these names. */
const sweep = ({ place }: Known): string =>
  [
    ["ps -a", "Names", "rm -f -v"],
    ["network ls", "Name", "network rm"],
    ["volume ls", "Name", "volume rm"],
    ["images", "Repository}}:{{.Tag", "rmi -f"],
  ]
    .map(
      ([list, name, remove]) =>
        `docker ${list} --format '{{.${name}}}' | grep -E -e '-${place.instance}(:|$)' | xargs --no-run-if-empty docker ${remove}`,
    )
    .map((pipe) => `{ ${pipe}; }`)
    .join("; ");

/** The image without a name that Docker's former builder leaves of a build that fails: what the steps before have made. */
const removeHalfBuilt = ({ kept }: Known): string => {
  const steps = [...(kept["build"] ?? "").matchAll(/^ ---> ([0-9a-f]{12})$/gm)];
  const last = steps.at(-1)?.[1] ?? "none";
  return `docker images --filter dangling=true --quiet | grep -x ${last} | xargs --no-run-if-empty docker rmi`;
};

const removed: Check = {
  id: "removed",
  title: say("Everything removed", "Всё удалено"),
  demands: say(
    "no container, network, volume, image or temporary file of this run is left; the checkout is as it was",
    "не осталось контейнеров, сетей, томов, образов и временных файлов этого прогона; рабочая копия не изменилась",
  ),
  always: true,
  steps: [
    {
      in: "checkout",
      // Without a state nothing was built, and `make down` would set up first.
      command: ({ place }) => `[ ! -e ${place.clone}/.zakaz/state/.pulumi ] || make -C ${place.clone} down`,
      limit: 30,
    },
    {
      in: "checkout",
      // By name: under another one the same image may be somebody else's.
      command: ifMade(
        (known) =>
          `docker images --format '{{.Repository}}:{{.Tag}}' ${handImage(known)} | xargs --no-run-if-empty docker rmi`,
      ),
    },
    { in: "checkout", command: ifMade((known) => `{ ${removeHalfBuilt(known)}; }`) },
    ...listings.map((command): Step => ({
      in: "checkout",
      command: ifMade((known) => `{ ${command(known)}; }`),
      judge: isSilent(say("`make down` left", "`make down` оставил")),
    })),
    { in: "checkout", command: ifMade(sweep) },
    { in: "checkout", command: ({ place }) => `rm -rf ${place.work} && [ ! -e ${place.work} ]` },
    {
      in: "checkout",
      command: () => "git status --porcelain",
      judge: (output, known) =>
        known.kept["tree"] === undefined
          ? undefined
          : printsAsBefore("tree", say("the tree of the checkout", "рабочая копия"))(output, known),
    },
  ],
};

export const afterChecks = [serverDown, validator, tests, secrets, removed];
