-- Views of zakaz, in dependency order.
-- Every view: declared columns, FINAL on every table, a definer, and the closing SETTINGS that makes rows and types the same
-- under join_use_nulls 0 and 1.

-- Events come from all three sources, so that none is lost: an event without sales, one without seats, one without a row
-- in the dimension.
CREATE OR REPLACE VIEW zakaz.v_qtickets_sales_dashboard
(
    event_id             String                              COMMENT 'event',
    event_name           String                              COMMENT 'name; the event_id when the event is not in dim_events',
    city                 LowCardinality(String)              COMMENT 'canonical city, empty = unknown',
    tickets_sold_today   UInt64                              COMMENT 'valid tickets sold today, RUB sales',
    revenue_today        Decimal(18, 2)                      COMMENT 'money kept today, roubles',
    tickets_sold_14d     UInt64                              COMMENT 'valid tickets, 14 days including today',
    revenue_14d          Decimal(18, 2)                      COMMENT 'money kept, 14 days including today, roubles',
    tickets_total        Nullable(UInt32)                    COMMENT 'places on sale; NULL = unknown',
    tickets_left         Nullable(UInt32)                    COMMENT 'free places; 0 = sold out, NULL = unknown',
    inventory_updated_at Nullable(DateTime('Europe/Moscow')) COMMENT 'time of the poll of the seat counters; NULL = never known',
    start_date           Nullable(Date)                      COMMENT 'first day',
    end_date             Nullable(Date)                      COMMENT 'last day'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    ids.event_id AS event_id,
    ifNull(nullIf(e.event_name, ''), ids.event_id) AS event_name,
    coalesce(nullIf(e.city, ''), nullIf(s.city, ''), nullIf(i.city, ''), '') AS city,
    ifNull(s.tickets_sold_today, 0) AS tickets_sold_today,
    ifNull(s.revenue_today, 0) AS revenue_today,
    ifNull(s.tickets_sold_14d, 0) AS tickets_sold_14d,
    ifNull(s.revenue_14d, 0) AS revenue_14d,
    i.tickets_total AS tickets_total,
    i.tickets_left AS tickets_left,
    i.polled_at AS inventory_updated_at,
    e.start_date AS start_date,
    e.end_date AS end_date
FROM
(
    SELECT event_id FROM zakaz.dim_events FINAL
    UNION DISTINCT
    SELECT event_id FROM zakaz.fact_qtickets_sales_daily FINAL
    UNION DISTINCT
    SELECT event_id FROM zakaz.fact_qtickets_inventory_latest FINAL
) AS ids
LEFT JOIN
(
    SELECT event_id, event_name, city, start_date, end_date
    FROM zakaz.dim_events FINAL
) AS e ON e.event_id = ids.event_id
LEFT JOIN
(
    SELECT
        f.event_id AS event_id,
        argMax(f.city, (f.sales_date, f.currency)) AS city,
        sumIf(f.tickets_sold, f.currency = 'RUB' AND f.sales_date = toDate(now('Europe/Moscow'))) AS tickets_sold_today,
        sumIf(f.revenue, f.currency = 'RUB' AND f.sales_date = toDate(now('Europe/Moscow'))) AS revenue_today,
        sumIf(
            f.tickets_sold,
            f.currency = 'RUB' AND f.sales_date BETWEEN toDate(now('Europe/Moscow')) - 13 AND toDate(now('Europe/Moscow'))
        ) AS tickets_sold_14d,
        sumIf(f.revenue, f.currency = 'RUB' AND f.sales_date BETWEEN toDate(now('Europe/Moscow')) - 13 AND toDate(now('Europe/Moscow'))) AS revenue_14d
    FROM zakaz.fact_qtickets_sales_daily AS f FINAL
    GROUP BY f.event_id
) AS s ON s.event_id = ids.event_id
LEFT JOIN
(
    SELECT
        l.event_id AS event_id,
        l.city AS city,
        l.tickets_total AS tickets_total,
        l.tickets_left AS tickets_left,
        if(l._ver = 0, NULL, l.snapshot_ts) AS polled_at
    FROM zakaz.fact_qtickets_inventory_latest AS l FINAL
) AS i ON i.event_id = ids.event_id
SETTINGS join_use_nulls = 1
COMMENT 'One row per event: sales today and in 14 days, seats left';

-- Rows whose sales have all gone (rewritten with zeros) are left out.
CREATE OR REPLACE VIEW zakaz.v_qtickets_sales_latest
(
    sales_date     Date                      COMMENT 'day of sale, Moscow',
    event_id       String                    COMMENT 'event',
    event_name     String                    COMMENT 'name; the event_id when the event is not in dim_events',
    city           LowCardinality(String)    COMMENT 'canonical city, empty = unknown',
    start_date     Nullable(Date)            COMMENT 'first day of the event',
    end_date       Nullable(Date)            COMMENT 'last day of the event',
    tickets_sold   UInt64                    COMMENT 'valid tickets',
    revenue        Decimal(18, 2)            COMMENT 'money kept, net of refunds',
    refunds_amount Decimal(18, 2)            COMMENT 'money returned',
    orders_count   UInt64                    COMMENT 'orders with a valid ticket; not additive over events',
    currency       LowCardinality(String)    COMMENT 'ISO 4217 code',
    _loaded_at     DateTime('Europe/Moscow') COMMENT 'when the fact row was written'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    f.sales_date AS sales_date,
    f.event_id AS event_id,
    ifNull(nullIf(e.event_name, ''), f.event_id) AS event_name,
    f.city AS city,
    e.start_date AS start_date,
    e.end_date AS end_date,
    toUInt64(f.tickets_sold) AS tickets_sold,
    f.revenue AS revenue,
    f.refunds AS refunds_amount,
    toUInt64(f.orders_count) AS orders_count,
    f.currency AS currency,
    f._loaded_at AS _loaded_at
FROM zakaz.fact_qtickets_sales_daily AS f FINAL
LEFT JOIN
(
    SELECT event_id, event_name, start_date, end_date
    FROM zakaz.dim_events FINAL
) AS e ON e.event_id = f.event_id
WHERE f.tickets_sold != 0 OR f.revenue != 0 OR f.refunds != 0
SETTINGS join_use_nulls = 1
COMMENT 'Sales per day of sale, event and currency, with event attributes';

CREATE OR REPLACE VIEW zakaz.v_qtickets_sales_14d
(
    sales_date     Date                      COMMENT 'day of sale, Moscow',
    event_id       String                    COMMENT 'event',
    event_name     String                    COMMENT 'name; the event_id when the event is not in dim_events',
    city           LowCardinality(String)    COMMENT 'canonical city, empty = unknown',
    start_date     Nullable(Date)            COMMENT 'first day of the event',
    end_date       Nullable(Date)            COMMENT 'last day of the event',
    tickets_sold   UInt64                    COMMENT 'valid tickets',
    revenue        Decimal(18, 2)            COMMENT 'money kept, net of refunds',
    refunds_amount Decimal(18, 2)            COMMENT 'money returned',
    orders_count   UInt64                    COMMENT 'orders with a valid ticket; not additive over events',
    currency       LowCardinality(String)    COMMENT 'ISO 4217 code',
    _loaded_at     DateTime('Europe/Moscow') COMMENT 'when the fact row was written'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    s.sales_date AS sales_date,
    s.event_id AS event_id,
    s.event_name AS event_name,
    s.city AS city,
    s.start_date AS start_date,
    s.end_date AS end_date,
    s.tickets_sold AS tickets_sold,
    s.revenue AS revenue,
    s.refunds_amount AS refunds_amount,
    s.orders_count AS orders_count,
    s.currency AS currency,
    s._loaded_at AS _loaded_at
FROM zakaz.v_qtickets_sales_latest AS s
WHERE s.sales_date BETWEEN toDate(now('Europe/Moscow')) - 13 AND toDate(now('Europe/Moscow'))
SETTINGS join_use_nulls = 1
COMMENT 'v_qtickets_sales_latest for the last 14 calendar days, today included';

-- A placeholder (_ver 0) was never known, so it shows no time of the poll.
CREATE OR REPLACE VIEW zakaz.v_qtickets_inventory
(
    event_id      String                              COMMENT 'event',
    event_name    String                              COMMENT 'name; the event_id when unknown',
    city          LowCardinality(String)              COMMENT 'canonical city, empty = unknown',
    tickets_total Nullable(UInt32)                    COMMENT 'places on sale; NULL = unknown',
    tickets_left  Nullable(UInt32)                    COMMENT 'free places; 0 = sold out, NULL = unknown',
    tickets_taken Nullable(Int64)                     COMMENT 'total - left: sold, held and blocked places; NULL = unknown',
    sold_out      Nullable(UInt8)                     COMMENT '1 = no free place, NULL = unknown',
    start_date    Nullable(Date)                      COMMENT 'first day',
    end_date      Nullable(Date)                      COMMENT 'last day',
    snapshot_ts   Nullable(DateTime('Europe/Moscow')) COMMENT 'time of the poll; NULL = never known'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    i.event_id AS event_id,
    coalesce(nullIf(e.event_name, ''), nullIf(i.event_name, ''), i.event_id) AS event_name,
    coalesce(nullIf(e.city, ''), i.city) AS city,
    i.tickets_total AS tickets_total,
    i.tickets_left AS tickets_left,
    toInt64(i.tickets_total) - toInt64(i.tickets_left) AS tickets_taken,
    i.tickets_left = 0 AS sold_out,
    e.start_date AS start_date,
    e.end_date AS end_date,
    if(i._ver = 0, NULL, i.snapshot_ts) AS snapshot_ts
FROM zakaz.fact_qtickets_inventory_latest AS i FINAL
LEFT JOIN
(
    SELECT event_id, event_name, city, start_date, end_date
    FROM zakaz.dim_events FINAL
) AS e ON e.event_id = i.event_id
SETTINGS join_use_nulls = 1
COMMENT 'Newest seat counters per event';

-- maxOrNull: the maximum of no rows is NULL, not 1970.
CREATE OR REPLACE VIEW zakaz.v_qtickets_freshness
(
    source           String                              COMMENT 'job that feeds the table',
    table_name       String                              COMMENT 'table',
    latest_ts        Nullable(DateTime('Europe/Moscow')) COMMENT 'newest business timestamp; NULL = empty or not applicable',
    days_behind      Nullable(Int32)                     COMMENT 'whole days from latest_ts to today, never below 0; NULL = empty',
    loaded_at        Nullable(DateTime('Europe/Moscow')) COMMENT 'newest write; NULL = empty',
    hours_since_load Nullable(Float64)                   COMMENT 'hours since loaded_at; NULL = empty',
    total_rows       UInt64                              COMMENT 'rows after de-duplication',
    last_run_at      Nullable(DateTime('Europe/Moscow')) COMMENT 'start of the newest run of the job; NULL = never',
    last_run_status  String                              COMMENT 'status of that run, empty = never',
    last_ok_at       Nullable(DateTime('Europe/Moscow')) COMMENT 'end of the newest ok run; NULL = never'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    t.source AS source,
    t.table_name AS table_name,
    t.latest_ts AS latest_ts,
    if(
        t.latest_ts IS NULL,
        NULL,
        greatest(dateDiff('day', toDate(assumeNotNull(t.latest_ts), 'Europe/Moscow'), toDate(now('Europe/Moscow'))), 0)
    ) AS days_behind,
    t.loaded_at AS loaded_at,
    dateDiff('second', t.loaded_at, now('Europe/Moscow')) / 3600 AS hours_since_load,
    t.total_rows AS total_rows,
    r.last_run_at AS last_run_at,
    ifNull(r.last_run_status, '') AS last_run_status,
    r.last_ok_at AS last_ok_at
FROM
(
    SELECT
        'qtickets_api' AS source,
        'stg_qtickets_api_orders_raw' AS table_name,
        maxOrNull(sale_ts) AS latest_ts,
        maxOrNull(_loaded_at) AS loaded_at,
        count() AS total_rows
    FROM zakaz.stg_qtickets_api_orders_raw FINAL
    UNION ALL
    SELECT 'qtickets_api', 'stg_qtickets_api_inventory_raw', maxOrNull(snapshot_ts), maxOrNull(_loaded_at), count()
    FROM zakaz.stg_qtickets_api_inventory_raw FINAL
    UNION ALL
    SELECT 'qtickets_api', 'dim_events', CAST(NULL AS Nullable(DateTime('Europe/Moscow'))), maxOrNull(_loaded_at), count()
    FROM zakaz.dim_events FINAL
    UNION ALL
    SELECT 'qtickets_api', 'fact_qtickets_orders', maxOrNull(sale_ts), maxOrNull(_loaded_at), count()
    FROM zakaz.fact_qtickets_orders FINAL
    UNION ALL
    SELECT 'qtickets_api', 'fact_qtickets_sales_daily', toDateTime(maxOrNull(sales_date), 'Europe/Moscow'), maxOrNull(_loaded_at), count()
    FROM zakaz.fact_qtickets_sales_daily FINAL
    UNION ALL
    SELECT 'qtickets_api', 'fact_qtickets_inventory_latest', maxOrNull(snapshot_ts), maxOrNull(_loaded_at), count()
    FROM zakaz.fact_qtickets_inventory_latest FINAL
    UNION ALL
    SELECT 'vk_ads', 'stg_vk_ads_daily', toDateTime(maxOrNull(stat_date), 'Europe/Moscow'), maxOrNull(_loaded_at), count()
    FROM zakaz.stg_vk_ads_daily FINAL
    UNION ALL
    SELECT 'vk_ads', 'fact_vk_ads_daily', toDateTime(maxOrNull(stat_date), 'Europe/Moscow'), maxOrNull(_loaded_at), count()
    FROM zakaz.fact_vk_ads_daily FINAL
    UNION ALL
    SELECT 'yandex_direct', 'fact_direct_daily', toDateTime(maxOrNull(stat_date), 'Europe/Moscow'), maxOrNull(_loaded_at), count()
    FROM zakaz.fact_direct_daily FINAL
    UNION ALL
    SELECT 'plan', 'plan_sales', CAST(NULL AS Nullable(DateTime('Europe/Moscow'))), maxOrNull(_loaded_at), count()
    FROM zakaz.plan_sales FINAL
) AS t
LEFT JOIN
(
    SELECT
        toString(j.job) AS job,
        max(j.started_at) AS last_run_at,
        argMax(toString(j.status), (j.started_at, j._ver)) AS last_run_status,
        maxOrNullIf(j.finished_at, j.status = 'ok') AS last_ok_at
    FROM zakaz.meta_job_runs AS j FINAL
    GROUP BY j.job
) AS r ON r.job = t.source
SETTINGS join_use_nulls = 1
COMMENT 'Freshness per table: newest data, newest load, newest run';

CREATE OR REPLACE VIEW zakaz.v_qtickets_sales_utm_daily
(
    d              Date                      COMMENT 'day of sale, Moscow',
    event_id       String                    COMMENT 'event',
    event_name     String                    COMMENT 'name; the event_id when unknown',
    city           LowCardinality(String)    COMMENT 'canonical city, empty = unknown',
    utm_group      String                    COMMENT 'utm_source, or unknown when empty',
    utm_source     LowCardinality(String)    COMMENT 'utm_source, lower case; empty = none',
    utm_medium     LowCardinality(String)    COMMENT 'utm_medium, lower case; empty = none',
    utm_campaign   String                    COMMENT 'utm_campaign, lower case; empty = none',
    utm_content    String                    COMMENT 'utm_content, lower case; empty = none',
    utm_term       String                    COMMENT 'utm_term, lower case; empty = none',
    tickets_sold   UInt64                    COMMENT 'valid tickets',
    revenue        Decimal(18, 2)            COMMENT 'money kept, net of refunds',
    refunds_amount Decimal(18, 2)            COMMENT 'money returned',
    currency       LowCardinality(String)    COMMENT 'ISO 4217 code',
    _loaded_at     DateTime('Europe/Moscow') COMMENT 'when the fact row was written'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    f.sales_date AS d,
    f.event_id AS event_id,
    ifNull(nullIf(e.event_name, ''), f.event_id) AS event_name,
    f.city AS city,
    if(f.utm_source = '', 'unknown', toString(f.utm_source)) AS utm_group,
    f.utm_source AS utm_source,
    f.utm_medium AS utm_medium,
    f.utm_campaign AS utm_campaign,
    f.utm_content AS utm_content,
    f.utm_term AS utm_term,
    toUInt64(f.tickets_sold) AS tickets_sold,
    f.revenue AS revenue,
    f.refunds AS refunds_amount,
    f.currency AS currency,
    f._loaded_at AS _loaded_at
FROM zakaz.fact_qtickets_sales_utm_daily AS f FINAL
LEFT JOIN
(
    SELECT event_id, event_name
    FROM zakaz.dim_events FINAL
) AS e ON e.event_id = f.event_id
WHERE f.tickets_sold != 0 OR f.revenue != 0 OR f.refunds != 0
SETTINGS join_use_nulls = 1
COMMENT 'Sales per day of sale, event, currency and UTM';

CREATE OR REPLACE VIEW zakaz.v_marketing_costs_daily
(
    d            Date                      COMMENT 'day of the statistics',
    source       LowCardinality(String)    COMMENT 'vk_ads or yandex_direct',
    city         LowCardinality(String)    COMMENT 'canonical city, empty = unknown',
    utm_source   LowCardinality(String)    COMMENT 'utm_source, lower case; empty = none',
    utm_medium   LowCardinality(String)    COMMENT 'utm_medium, lower case; empty = none',
    utm_campaign String                    COMMENT 'utm_campaign, lower case; empty = none',
    utm_content  String                    COMMENT 'utm_content, lower case; empty = none',
    utm_term     String                    COMMENT 'utm_term, lower case; empty = none',
    currency     LowCardinality(String)    COMMENT 'ISO 4217 code',
    impressions  UInt64                    COMMENT 'impressions',
    clicks       UInt64                    COMMENT 'clicks',
    spend        Decimal(18, 2)            COMMENT 'money spent',
    _loaded_at   DateTime('Europe/Moscow') COMMENT 'newest write of the rows summed'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    c.d AS d,
    c.source AS source,
    c.city AS city,
    c.utm_source AS utm_source,
    c.utm_medium AS utm_medium,
    c.utm_campaign AS utm_campaign,
    c.utm_content AS utm_content,
    c.utm_term AS utm_term,
    c.currency AS currency,
    sum(c.impressions) AS impressions,
    sum(c.clicks) AS clicks,
    sum(c.spend) AS spend,
    max(c._loaded_at) AS _loaded_at
FROM
(
    SELECT
        stat_date AS d, 'vk_ads' AS source, city, utm_source, utm_medium, utm_campaign, utm_content, utm_term, currency,
        impressions, clicks, spend, _loaded_at
    FROM zakaz.fact_vk_ads_daily FINAL
    UNION ALL
    SELECT
        stat_date AS d, 'yandex_direct' AS source, city, utm_source, utm_medium, utm_campaign, utm_content, utm_term, currency,
        impressions, clicks, spend, _loaded_at
    FROM zakaz.fact_direct_daily FINAL
) AS c
GROUP BY
    c.d, c.source, c.city, c.utm_source, c.utm_medium, c.utm_campaign, c.utm_content, c.utm_term, c.currency
HAVING sum(c.impressions) != 0 OR sum(c.clicks) != 0 OR sum(c.spend) != 0
SETTINGS join_use_nulls = 1
COMMENT 'Advertising cost per day, source, city and UTM';

-- Both sides are stacked and then summed, never joined: a join would repeat the spend of a city for each of its events.
CREATE OR REPLACE VIEW zakaz.v_marketing_daily
(
    d            Date                      COMMENT 'day of sale and of cost',
    city         LowCardinality(String)    COMMENT 'canonical city, empty = unknown',
    tickets_sold UInt64                    COMMENT 'valid tickets',
    net_revenue  Decimal(18, 2)            COMMENT 'money kept, net of refunds',
    impressions  UInt64                    COMMENT 'impressions',
    clicks       UInt64                    COMMENT 'clicks',
    spend_vk     Decimal(18, 2)            COMMENT 'VK Ads cost',
    spend_direct Decimal(18, 2)            COMMENT 'Yandex Direct cost',
    spend_total  Decimal(18, 2)            COMMENT 'all cost',
    roas         Nullable(Float64)         COMMENT 'net_revenue / spend_total; NULL without spend',
    romi         Nullable(Float64)         COMMENT '(net_revenue - spend_total) / spend_total; NULL without spend',
    cpc          Nullable(Float64)         COMMENT 'spend_total / clicks; NULL without clicks',
    cpt          Nullable(Float64)         COMMENT 'spend_total / tickets_sold; NULL without tickets',
    _loaded_at   DateTime('Europe/Moscow') COMMENT 'newest write on either side'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    g.d AS d,
    g.city AS city,
    g.tickets AS tickets_sold,
    g.income AS net_revenue,
    g.shown AS impressions,
    g.clicked AS clicks,
    g.cost_vk AS spend_vk,
    g.cost_direct AS spend_direct,
    g.cost_vk + g.cost_direct AS spend_total,
    toFloat64(g.income) / nullIf(toFloat64(g.cost_vk + g.cost_direct), 0) AS roas,
    toFloat64(g.income - g.cost_vk - g.cost_direct) / nullIf(toFloat64(g.cost_vk + g.cost_direct), 0) AS romi,
    toFloat64(g.cost_vk + g.cost_direct) / nullIf(g.clicked, 0) AS cpc,
    toFloat64(g.cost_vk + g.cost_direct) / nullIf(g.tickets, 0) AS cpt,
    g.newest AS _loaded_at
FROM
(
    SELECT
        u.d AS d,
        u.city AS city,
        sum(u.tickets_sold) AS tickets,
        sum(u.revenue) AS income,
        sum(u.impressions) AS shown,
        sum(u.clicks) AS clicked,
        sum(u.spend_vk) AS cost_vk,
        sum(u.spend_direct) AS cost_direct,
        max(u._loaded_at) AS newest
    FROM
    (
        SELECT
            sales_date AS d, city, toUInt64(tickets_sold) AS tickets_sold, revenue,
            toUInt64(0) AS impressions, toUInt64(0) AS clicks,
            toDecimal64(0, 2) AS spend_vk, toDecimal64(0, 2) AS spend_direct, _loaded_at
        FROM zakaz.fact_qtickets_sales_daily FINAL
        WHERE currency = 'RUB'
        UNION ALL
        SELECT
            d, city, toUInt64(0) AS tickets_sold, toDecimal64(0, 2) AS revenue,
            impressions, clicks,
            if(source = 'vk_ads', spend, 0) AS spend_vk, if(source = 'yandex_direct', spend, 0) AS spend_direct, _loaded_at
        FROM zakaz.v_marketing_costs_daily
        WHERE currency = 'RUB'
    ) AS u
    GROUP BY u.d, u.city
) AS g
WHERE g.tickets != 0 OR g.income != 0 OR g.shown != 0 OR g.clicked != 0 OR g.cost_vk != 0 OR g.cost_direct != 0
SETTINGS join_use_nulls = 1
COMMENT 'Sales against cost per day and city, roubles';

CREATE OR REPLACE VIEW zakaz.v_romi_daily
(
    d            Date                   COMMENT 'day of sale and of cost',
    utm_source   LowCardinality(String) COMMENT 'utm_source, lower case; empty = none',
    utm_medium   LowCardinality(String) COMMENT 'utm_medium, lower case; empty = none',
    utm_campaign String                 COMMENT 'utm_campaign, lower case; empty = none',
    utm_content  String                 COMMENT 'utm_content, lower case; empty = none',
    utm_term     String                 COMMENT 'utm_term, lower case; empty = none',
    tickets_sold UInt64                 COMMENT 'valid tickets',
    revenue      Decimal(18, 2)         COMMENT 'money kept, net of refunds',
    spend        Decimal(18, 2)         COMMENT 'all cost',
    roas         Nullable(Float64)      COMMENT 'revenue / spend; NULL without spend',
    romi         Nullable(Float64)      COMMENT '(revenue - spend) / spend; NULL without spend'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    g.d AS d,
    g.utm_source AS utm_source,
    g.utm_medium AS utm_medium,
    g.utm_campaign AS utm_campaign,
    g.utm_content AS utm_content,
    g.utm_term AS utm_term,
    g.tickets AS tickets_sold,
    g.income AS revenue,
    g.cost AS spend,
    toFloat64(g.income) / nullIf(toFloat64(g.cost), 0) AS roas,
    toFloat64(g.income - g.cost) / nullIf(toFloat64(g.cost), 0) AS romi
FROM
(
    SELECT
        u.d AS d,
        u.utm_source AS utm_source,
        u.utm_medium AS utm_medium,
        u.utm_campaign AS utm_campaign,
        u.utm_content AS utm_content,
        u.utm_term AS utm_term,
        sum(u.tickets_sold) AS tickets,
        sum(u.revenue) AS income,
        sum(u.spend) AS cost
    FROM
    (
        SELECT
            sales_date AS d, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
            toUInt64(tickets_sold) AS tickets_sold, revenue, toDecimal64(0, 2) AS spend
        FROM zakaz.fact_qtickets_sales_utm_daily FINAL
        WHERE currency = 'RUB'
        UNION ALL
        SELECT
            d, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
            toUInt64(0) AS tickets_sold, toDecimal64(0, 2) AS revenue, spend
        FROM zakaz.v_marketing_costs_daily
        WHERE currency = 'RUB'
    ) AS u
    GROUP BY u.d, u.utm_source, u.utm_medium, u.utm_campaign, u.utm_content, u.utm_term
) AS g
WHERE g.tickets != 0 OR g.income != 0 OR g.cost != 0
SETTINGS join_use_nulls = 1
COMMENT 'Sales against cost per day and UTM, roubles';

-- The city of the event wins over the city written in the plan; a plan without an event keeps its own.
CREATE OR REPLACE VIEW zakaz.v_plan_vs_fact
(
    sales_date       Date                   COMMENT 'day of sale and of plan',
    event_id         String                 COMMENT 'event, empty = plan of the whole city',
    event_name       String                 COMMENT 'name; the event_id when unknown',
    city             LowCardinality(String) COMMENT 'canonical city: of the event when known, else of the row',
    plan_tickets     UInt64                 COMMENT 'planned tickets',
    fact_tickets     UInt64                 COMMENT 'valid tickets',
    plan_revenue     Decimal(18, 2)         COMMENT 'planned revenue',
    fact_revenue     Decimal(18, 2)         COMMENT 'money kept',
    diff_tickets     Int64                  COMMENT 'fact - plan',
    diff_revenue     Decimal(18, 2)         COMMENT 'fact - plan',
    diff_tickets_pct Nullable(Float64)      COMMENT 'diff / plan * 100; NULL without plan',
    diff_revenue_pct Nullable(Float64)      COMMENT 'diff / plan * 100; NULL without plan'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    g.sales_date AS sales_date,
    g.event_id AS event_id,
    g.event_name AS event_name,
    g.city AS city,
    g.plan_t AS plan_tickets,
    g.fact_t AS fact_tickets,
    g.plan_r AS plan_revenue,
    g.fact_r AS fact_revenue,
    toInt64(g.fact_t) - toInt64(g.plan_t) AS diff_tickets,
    g.fact_r - g.plan_r AS diff_revenue,
    (toInt64(g.fact_t) - toInt64(g.plan_t)) / nullIf(g.plan_t, 0) * 100 AS diff_tickets_pct,
    toFloat64(g.fact_r - g.plan_r) / nullIf(toFloat64(g.plan_r), 0) * 100 AS diff_revenue_pct
FROM
(
    SELECT
        u.sales_date AS sales_date,
        u.event_id AS event_id,
        ifNull(nullIf(e.event_name, ''), u.event_id) AS event_name,
        ifNull(nullIf(e.city, ''), u.city) AS city,
        sum(u.plan_tickets) AS plan_t,
        sum(u.fact_tickets) AS fact_t,
        sum(u.plan_revenue) AS plan_r,
        sum(u.fact_revenue) AS fact_r
    FROM
    (
        SELECT
            sales_date, event_id, city, plan_tickets, toUInt32(0) AS fact_tickets,
            plan_revenue, toDecimal64(0, 2) AS fact_revenue
        FROM zakaz.plan_sales FINAL
        UNION ALL
        SELECT
            sales_date, event_id, city, toUInt32(0) AS plan_tickets, tickets_sold AS fact_tickets,
            toDecimal64(0, 2) AS plan_revenue, revenue AS fact_revenue
        FROM zakaz.fact_qtickets_sales_daily FINAL
        WHERE currency = 'RUB'
    ) AS u
    LEFT JOIN
    (
        SELECT event_id, event_name, city
        FROM zakaz.dim_events FINAL
    ) AS e ON e.event_id = u.event_id
    GROUP BY u.sales_date, u.event_id, ifNull(nullIf(e.event_name, ''), u.event_id), ifNull(nullIf(e.city, ''), u.city)
) AS g
WHERE g.plan_t != 0 OR g.fact_t != 0 OR g.plan_r != 0 OR g.fact_r != 0
SETTINGS join_use_nulls = 1
COMMENT 'Plan against sales per day, event and city, roubles';
