-- Views of meta.

-- Rows with must_be_zero = 0 are for information only. The order's greatest _ver marks its current lines.
CREATE OR REPLACE VIEW meta.v_quality_last_day
(
    d          Date            COMMENT 'yesterday, Moscow',
    check_name String          COMMENT 'stable name of the check',
    value      Float64         COMMENT 'measured value',
    is_ok      Nullable(UInt8) COMMENT '1 = passed, 0 = failed, NULL = for information only'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    toDate(now('Europe/Moscow')) - 1 AS d,
    c.check_name AS check_name,
    c.value AS value,
    if(c.must_be_zero = 0, NULL, c.value = 0) AS is_ok
FROM
(
    SELECT 'sales_rows' AS check_name, toFloat64(count()) AS value, 0 AS must_be_zero
    FROM zakaz.fact_qtickets_sales_daily FINAL
    WHERE sales_date = toDate(now('Europe/Moscow')) - 1
      AND (tickets_sold != 0 OR revenue != 0 OR refunds != 0)
    UNION ALL
    SELECT 'sales_revenue_rub', toFloat64(sum(revenue)), 0
    FROM zakaz.fact_qtickets_sales_daily FINAL
    WHERE sales_date = toDate(now('Europe/Moscow')) - 1 AND currency = 'RUB'
    UNION ALL
    SELECT 'vk_rows', toFloat64(count()), 0
    FROM zakaz.fact_vk_ads_daily FINAL
    WHERE stat_date = toDate(now('Europe/Moscow')) - 1
    UNION ALL
    SELECT 'vk_spend_rub', toFloat64(sum(spend)), 0
    FROM zakaz.fact_vk_ads_daily FINAL
    WHERE stat_date = toDate(now('Europe/Moscow')) - 1 AND currency = 'RUB'
    UNION ALL
    SELECT 'inventory_unknown_events', toFloat64(count()), 0
    FROM zakaz.fact_qtickets_inventory_latest FINAL
    WHERE tickets_total IS NULL OR tickets_left IS NULL
    UNION ALL
    SELECT 'ledger_gap', toFloat64(count()), 1
    FROM
    (
        SELECT order_id, item_id, _ver FROM zakaz.stg_qtickets_api_orders_raw FINAL
    ) AS s
    LEFT JOIN
    (
        SELECT order_id, item_id, _ver FROM zakaz.fact_qtickets_orders FINAL
    ) AS l ON l.order_id = s.order_id AND l.item_id = s.item_id
    WHERE l._ver IS NULL OR l._ver < s._ver
    UNION ALL
    SELECT 'daily_mismatch_rows', toFloat64(count()), 1
    FROM
    (
        SELECT u.event_id AS event_id, u.currency AS currency
        FROM
        (
            SELECT event_id, currency, toInt64(tickets_sold) AS tickets, revenue
            FROM zakaz.fact_qtickets_orders FINAL
            WHERE sales_date = toDate(now('Europe/Moscow')) - 1
              AND (order_id, _ver) IN (SELECT order_id, max(_ver) FROM zakaz.fact_qtickets_orders GROUP BY order_id)
            UNION ALL
            SELECT event_id, currency, -toInt64(tickets_sold), -revenue
            FROM zakaz.fact_qtickets_sales_daily FINAL
            WHERE sales_date = toDate(now('Europe/Moscow')) - 1
        ) AS u
        GROUP BY u.event_id, u.currency
        HAVING sum(u.tickets) != 0 OR sum(u.revenue) != 0
    )
    UNION ALL
    SELECT 'utm_mismatch_rub', toFloat64(sum(u.revenue)), 1
    FROM
    (
        SELECT revenue
        FROM zakaz.fact_qtickets_sales_daily FINAL
        WHERE sales_date = toDate(now('Europe/Moscow')) - 1 AND currency = 'RUB'
        UNION ALL
        SELECT -revenue
        FROM zakaz.fact_qtickets_sales_utm_daily FINAL
        WHERE sales_date = toDate(now('Europe/Moscow')) - 1 AND currency = 'RUB'
    ) AS u
    UNION ALL
    SELECT 'unknown_event_rows', toFloat64(count()), 1
    FROM zakaz.fact_qtickets_sales_daily FINAL
    WHERE sales_date = toDate(now('Europe/Moscow')) - 1
      AND (tickets_sold != 0 OR revenue != 0 OR refunds != 0)
      AND event_id NOT IN (SELECT event_id FROM zakaz.dim_events)
    UNION ALL
    SELECT 'foreign_currency_rows', toFloat64(count()), 1
    FROM zakaz.fact_qtickets_sales_daily FINAL
    WHERE sales_date = toDate(now('Europe/Moscow')) - 1
      AND (tickets_sold != 0 OR revenue != 0 OR refunds != 0)
      AND currency != 'RUB'
    UNION ALL
    SELECT 'negative_rows', toFloat64(count()), 1
    FROM zakaz.fact_qtickets_sales_daily FINAL
    WHERE revenue < 0 OR refunds < 0
    UNION ALL
    SELECT 'inventory_left_above_total', toFloat64(count()), 1
    FROM zakaz.fact_qtickets_inventory_latest FINAL
    WHERE tickets_left > tickets_total
) AS c
SETTINGS join_use_nulls = 1
COMMENT 'Checks on yesterday''s data: one row per check';

CREATE OR REPLACE VIEW meta.v_sli_latest
(
    table_name   LowCardinality(String) COMMENT 'table or job',
    metric_name  LowCardinality(String) COMMENT 'figure',
    d            Date                   COMMENT 'day of the value',
    metric_value Float64                COMMENT 'value'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    s.table_name AS table_name,
    s.metric_name AS metric_name,
    max(s.d) AS d,
    argMax(s.metric_value, s.d) AS metric_value
FROM meta.sli_daily AS s FINAL
GROUP BY s.table_name, s.metric_name
SETTINGS join_use_nulls = 1
COMMENT 'Newest value of each service level figure';
