/** Data come in: a dry run that writes nothing, a live run, and the same once more. */
import type { Check, Judge, Step } from "../check";
import { all, answers, counts, fits, isSilent, prints, printsAsBefore, succeeds } from "../judges";
import { say, same } from "../text";
import { asAdmin, asReader } from "../../../warehouse/queries";
import { byPost, query } from "./commands";

/** The sources that the stack reads from an API. */
const JOBS = ["qtickets_api", "vk_ads"];

const journalRows: Step["command"] = query(asAdmin`SELECT count() FROM zakaz.meta_job_runs`);

/** Rows of each table that a load fills, newest versions only. */
const ROWS = query(
  asAdmin`SELECT * FROM (
  SELECT 'stg_qtickets_api_orders_raw' AS t, count() AS n FROM zakaz.stg_qtickets_api_orders_raw FINAL
  UNION ALL SELECT 'stg_qtickets_api_inventory_raw', count() FROM zakaz.stg_qtickets_api_inventory_raw FINAL
  UNION ALL SELECT 'stg_vk_ads_daily', count() FROM zakaz.stg_vk_ads_daily FINAL
  UNION ALL SELECT 'dim_events', count() FROM zakaz.dim_events FINAL
  UNION ALL SELECT 'fact_qtickets_sales_daily', count() FROM zakaz.fact_qtickets_sales_daily FINAL
  UNION ALL SELECT 'fact_qtickets_sales_utm_daily', count() FROM zakaz.fact_qtickets_sales_utm_daily FINAL
  UNION ALL SELECT 'fact_qtickets_inventory_latest', count() FROM zakaz.fact_qtickets_inventory_latest FINAL
  UNION ALL SELECT 'fact_vk_ads_daily', count() FROM zakaz.fact_vk_ads_daily FINAL
  UNION ALL SELECT 'meta_job_runs', count() FROM zakaz.meta_job_runs FINAL
) ORDER BY t`,
);

/** Rows and sums of what must not change when the same is loaded again. */
const FINGERPRINT = query(
  asAdmin`SELECT * FROM (
  SELECT 'orders' AS t, count() AS n, sum(tickets_sold) AS tickets, sum(revenue) AS money FROM zakaz.stg_qtickets_api_orders_raw FINAL
  UNION ALL SELECT 'events', count(), 0, 0 FROM zakaz.dim_events FINAL
  UNION ALL SELECT 'sales by day', count(), sum(tickets_sold), sum(revenue) FROM zakaz.fact_qtickets_sales_daily FINAL
  UNION ALL SELECT 'sales by UTM', count(), sum(tickets_sold), sum(revenue) FROM zakaz.fact_qtickets_sales_utm_daily FINAL
  UNION ALL SELECT 'seats', count(), sum(ifNull(tickets_left, 0)), 0 FROM zakaz.fact_qtickets_inventory_latest FINAL
  UNION ALL SELECT 'ads', count(), sum(clicks), sum(spend) FROM zakaz.fact_vk_ads_daily FINAL
) ORDER BY t`,
);

const smoke: Check = {
  id: "smoke",
  title: say("Dry run of the loaders", "Пробный прогон загрузчиков"),
  demands: say("it ends well and leaves the journal as it was", "завершается успешно и не меняет журнал"),
  steps: [
    { command: journalRows, keep: "journal before smoke" },
    ...JOBS.map((job): Step => ({
      command: () => `npx zakaz smoke ${job}`,
      judge: fits(
        /Dry-run: no ClickHouse writes/,
        say("`Dry-run: no ClickHouse writes`", "`Dry-run: no ClickHouse writes`"),
      ),
    })),
    {
      command: journalRows,
      judge: printsAsBefore(
        "journal before smoke",
        say("the number of rows in the journal", "число строк журнала"),
      ),
    },
  ],
};

const isRecent =
  (days: number): Judge =>
  (output, known) =>
    answers((text) => {
      const [at = "", rows = "0"] = text.split("\t");
      const moment = Date.parse(`${at.replace(" ", "T")}+03:00`);
      if (Number(rows) === 0) return say("there is no row", "строк нет");
      if (Math.abs(known.startedAt.getTime() - moment) <= days * 86_400_000) return undefined;
      return say(`the newest is of ${at}`, `самая новая запись — ${at}`);
    })(output, known);

const load: Check = {
  id: "load",
  title: say("Live run", "Рабочая загрузка"),
  demands: say(
    "each source ends with status ok in the journal; sales and seats are recent, facts have rows, and the server's logs have no error",
    "каждый источник завершается в журнале со статусом ok; продажи и остатки мест свежие, таблицы фактов заполнены, в логах сервера нет ошибок",
  ),
  steps: [
    { command: ROWS, keep: "rows before" },
    { command: query(asAdmin`SELECT toUnixTimestamp(now())`), keep: "load began" },
    ...JOBS.map((job): Step => ({ command: () => `npx zakaz load ${job}` })),
    {
      command: query(
        asAdmin`SELECT job, status, started_at, finished_at, rows_processed FROM zakaz.meta_job_runs ORDER BY job, started_at`,
      ),
      judge: answers((text) => {
        const rows = text.split("\n").map((line) => line.split("\t"));
        const wrong = JOBS.filter((job) => !rows.some(([name, status]) => name === job && status === "ok"));
        return wrong.length === 0
          ? undefined
          : say(
              `no run with status ok of ${wrong.join(", ")}`,
              `нет прогона со статусом ok: ${wrong.join(", ")}`,
            );
      }),
    },
    {
      command: query(asAdmin`SELECT max(sale_ts), count() FROM zakaz.stg_qtickets_api_orders_raw`),
      judge: isRecent(7),
    },
    {
      command: query(asAdmin`SELECT max(snapshot_ts), count() FROM zakaz.stg_qtickets_api_inventory_raw`),
      judge: isRecent(1),
    },
    ...["fact_qtickets_sales_daily", "fact_qtickets_inventory_latest", "fact_vk_ads_daily"].map(
      (table): Step => ({
        command: query(asAdmin`SELECT count() FROM zakaz.${table} FINAL`),
        judge: counts((n) => n > 0, say("more than 0", "числа больше 0")),
      }),
    ),
    { command: ROWS, keep: "rows after" },
    { command: query("SYSTEM FLUSH LOGS") },
    {
      // ClickHouse 25.8 reports as an error that it will not keep a connection alive, which harms nobody.
      command: ({ kept, ...known }) =>
        query(
          asAdmin`SELECT event_time, level, logger_name, message
FROM system.text_log WHERE level IN ('Fatal', 'Critical', 'Error')
  AND message NOT LIKE 'Request stream is shared by multiple threads%'
  AND event_time >= toDateTime(${kept["load began"] ?? "0"})`,
        )({ kept, ...known }),
      judge: isSilent(say("errors in text_log", "ошибки в text_log")),
    },
    {
      command: ({ kept, ...known }) =>
        query(
          asAdmin`SELECT event_time, user, exception_code, exception
FROM system.query_log WHERE exception_code != 0
  AND event_time >= toDateTime(${kept["load began"] ?? "0"})`,
        )({ kept, ...known }),
      judge: isSilent(say("failed queries in query_log", "неудачные запросы в query_log")),
    },
  ],
};

const loadAgain: Check = {
  id: "load-again",
  title: say("A second load makes no doubles", "Повторная загрузка не создаёт дублей"),
  demands: say(
    "a second live run adds one row to the journal for each source, and changes neither counts nor sums",
    "вторая загрузка добавляет в журнал по одной строке на источник и не меняет ни количеств, ни сумм",
  ),
  steps: [
    { command: FINGERPRINT, keep: "fingerprint" },
    ...JOBS.map((job): Step => ({ command: () => `npx zakaz load ${job}` })),
    { command: FINGERPRINT, judge: printsAsBefore("fingerprint", say("the data", "данные")) },
    {
      command: query(
        asAdmin`SELECT count() - uniqExact(order_id, item_id) FROM zakaz.stg_qtickets_api_orders_raw FINAL`,
      ),
      judge: counts((n) => n === 0, say("0 doubles", "0 дублей")),
    },
    {
      command: query(
        asAdmin`SELECT job, status, count() FROM zakaz.meta_job_runs GROUP BY job, status ORDER BY job`,
      ),
      judge: prints(JOBS.map((job) => `${job}\tok\t2`).join("\n")),
    },
    {
      command: query(
        asAdmin`SELECT job, toString(started_at), dateDiff('second', started_at, finished_at), rows_processed
FROM zakaz.meta_job_runs ORDER BY started_at`,
      ),
      keep: "run times",
    },
  ],
};

const pictures: Check = {
  id: "dashboards",
  title: say("What dashboards show", "Что показывают дашборды"),
  demands: say(
    "DataLens's user reads sales per day, seats and freshness over HTTP, and none of them is empty",
    "пользователь DataLens читает по HTTP продажи по дням, остатки мест и свежесть, и ни один ответ не пуст",
  ),
  steps: [
    {
      command: byPost(
        asReader`SELECT d, sum(tickets_sold), sum(revenue) FROM bi.v_sales_daily WHERE currency = 'RUB' GROUP BY d ORDER BY d`,
      ),
      keep: "sales per day",
    },
    {
      command: byPost(
        asReader`SELECT event_name, sum(tickets_total), sum(tickets_left)
FROM zakaz.v_qtickets_inventory WHERE tickets_left IS NOT NULL GROUP BY event_name ORDER BY event_name`,
      ),
      keep: "inventory",
    },
    {
      command: byPost(
        asReader`SELECT table_name, round(hours_since_load * 60, 2), total_rows
FROM zakaz.v_qtickets_freshness WHERE total_rows > 0 ORDER BY table_name`,
      ),
      keep: "freshness",
    },
  ].map((step): Step => ({
    ...step,
    judge: all(
      succeeds,
      answers((text) => {
        if (text === "") return say("the answer is empty", "ответ пуст");
        return text.startsWith("Code: ") ? same(text.split("\n")[0]!) : undefined;
      }),
    ),
  })),
};

export const loadChecks = [smoke, load, loadAgain, pictures];
