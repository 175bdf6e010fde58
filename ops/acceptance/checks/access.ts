/** DataLens's user: reads in both forms, writes nothing, and gets another password in both ways. */
import type { Check, Judge, Step } from "../check";
import { answers, prints } from "../judges";
import { say } from "../text";
import { asReader, probe } from "../../../warehouse/queries";
import { byGet, byPost } from "./commands";

/** What is typed by hand; `up` puts the configured one back within a minute. */
const BY_HAND = "typed-by-hand-2026";

const refused = (code: number, name: string): Judge =>
  answers((text) =>
    text.startsWith(`Code: ${code}.`)
      ? undefined
      : say(
          `not refused with ${name} (${code}): ${text.slice(0, 200)}`,
          `нет отказа ${name} (${code}): ${text.slice(0, 200)}`,
        ),
  );

const reader: Check = {
  id: "reader",
  title: say("DataLens's user by curl", "Пользователь DataLens через curl"),
  demands: say(
    "`SELECT 1` is answered by GET and by POST, all 31 tables and views are seen, every dataset is read; a write is refused",
    "на `SELECT 1` приходит ответ и через GET, и через POST; видны все таблицы и представления (31), читается каждый набор данных; запись отклоняется",
  ),
  steps: [
    { command: byGet(asReader`SELECT 1`), judge: prints("1") },
    { command: byPost(asReader`SELECT 1`), judge: prints("1") },
    {
      command: byPost(asReader`SELECT count() FROM system.tables WHERE database = 'zakaz'`),
      judge: prints("31"),
    },
    {
      command: byPost(probe`INSERT INTO zakaz.plan_sales (sales_date) VALUES ('2000-01-01')`),
      judge: refused(497, "ACCESS_DENIED"),
    },
    { command: () => "npx zakaz check-reader" },
  ],
};

const login =
  (password: string): Step["command"] =>
  ({ place }) =>
    `curl -sS -u datalens_reader:${password} 'http://127.0.0.1:${place.httpPort}/?query=SELECT%201'`;

const alterUser: Check = {
  id: "alter-user",
  title: say("A password set by hand", "Пароль, заданный вручную"),
  demands: say(
    "the literal ALTER USER … plaintext_password works at once; `up` puts the configured password back",
    "дословный ALTER USER … plaintext_password действует сразу; `up` возвращает пароль из конфигурации",
  ),
  steps: [
    {
      command: ({ kept }) =>
        `docker exec -e CLICKHOUSE_PASSWORD ${kept["container"]} clickhouse-client --user=admin ` +
        `-q "ALTER USER datalens_reader IDENTIFIED WITH plaintext_password BY '${BY_HAND}'"`,
    },
    { command: login(BY_HAND), judge: prints("1") },
    { command: byGet(asReader`SELECT 1`), judge: refused(516, "AUTHENTICATION_FAILED") },
    { command: () => "pulumi up --yes --skip-preview --non-interactive" },
    { command: byGet(asReader`SELECT 1`), judge: prints("1") },
    { command: login(BY_HAND), judge: refused(516, "AUTHENTICATION_FAILED") },
  ],
};

const rotation: Check = {
  id: "rotation",
  title: say("Rotation of a password", "Смена пароля"),
  demands: say(
    "one command gives DataLens's user a new password: it is accepted, the old one is refused",
    "одна команда даёт пользователю DataLens новый пароль: новый принимается, старый отклоняется",
  ),
  steps: [
    {
      command: ({ place }) =>
        `old=$(pulumi config get zakaz:datalensPassword) && npx zakaz rotate datalens >&2 && ` +
        `echo "user = \\"datalens_reader:$old\\"" | curl -sS -K - 'http://127.0.0.1:${place.httpPort}/?query=SELECT%201'`,
      secretsChange: true,
      judge: refused(516, "AUTHENTICATION_FAILED"),
    },
    { command: byGet(asReader`SELECT 1`), judge: prints("1") },
  ],
};

export const accessChecks = [reader, alterUser, rotation];
