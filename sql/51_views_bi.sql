-- Views of bi: what DataLens charts are built on. An unknown city is shown as `unknown`.

CREATE OR REPLACE VIEW bi.v_sales_daily
(
    d            Date                      COMMENT 'day of sale, Moscow',
    city         LowCardinality(String)    COMMENT 'canonical city, unknown when not known',
    event_id     String                    COMMENT 'event',
    event_name   String                    COMMENT 'name; the event_id when unknown',
    tickets_sold UInt64                    COMMENT 'valid tickets',
    revenue      Decimal(18, 2)            COMMENT 'money kept, net of refunds',
    refunds      Decimal(18, 2)            COMMENT 'money returned',
    currency     LowCardinality(String)    COMMENT 'ISO 4217 code',
    _loaded_at   DateTime('Europe/Moscow') COMMENT 'when the fact row was written'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    s.sales_date AS d,
    if(s.city = '', 'unknown', s.city) AS city,
    s.event_id AS event_id,
    s.event_name AS event_name,
    s.tickets_sold AS tickets_sold,
    s.revenue AS revenue,
    s.refunds_amount AS refunds,
    s.currency AS currency,
    s._loaded_at AS _loaded_at
FROM zakaz.v_qtickets_sales_latest AS s
SETTINGS join_use_nulls = 1
COMMENT 'Sales per day of sale, event and currency';

CREATE OR REPLACE VIEW bi.v_vk_ads_daily
(
    d           Date                      COMMENT 'day of the statistics',
    city        LowCardinality(String)    COMMENT 'canonical city, unknown when not known',
    impressions UInt64                    COMMENT 'impressions',
    clicks      UInt64                    COMMENT 'clicks',
    spend       Decimal(18, 2)            COMMENT 'money spent, roubles',
    _loaded_at  DateTime('Europe/Moscow') COMMENT 'newest write of the rows summed'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    c.d AS d,
    if(c.city = '', 'unknown', c.city) AS city,
    sum(c.impressions) AS impressions,
    sum(c.clicks) AS clicks,
    sum(c.spend) AS spend,
    max(c._loaded_at) AS _loaded_at
FROM zakaz.v_marketing_costs_daily AS c
WHERE c.source = 'vk_ads' AND c.currency = 'RUB'
GROUP BY c.d, c.city
SETTINGS join_use_nulls = 1
COMMENT 'VK Ads per day and city, roubles';

CREATE OR REPLACE VIEW bi.v_marketing_roi_daily
(
    d            Date                      COMMENT 'day of sale and of cost',
    city         LowCardinality(String)    COMMENT 'canonical city, unknown when not known',
    revenue      Decimal(18, 2)            COMMENT 'money kept, net of refunds',
    tickets_sold UInt64                    COMMENT 'valid tickets',
    impressions  UInt64                    COMMENT 'impressions',
    clicks       UInt64                    COMMENT 'clicks',
    spend        Decimal(18, 2)            COMMENT 'all cost',
    roas         Nullable(Float64)         COMMENT 'revenue / spend; NULL without spend',
    cpc          Nullable(Float64)         COMMENT 'spend / clicks; NULL without clicks',
    cpt          Nullable(Float64)         COMMENT 'spend / tickets; NULL without tickets',
    _loaded_at   DateTime('Europe/Moscow') COMMENT 'newest write on either side'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    m.d AS d,
    if(m.city = '', 'unknown', m.city) AS city,
    m.net_revenue AS revenue,
    m.tickets_sold AS tickets_sold,
    m.impressions AS impressions,
    m.clicks AS clicks,
    m.spend_total AS spend,
    m.roas AS roas,
    m.cpc AS cpc,
    m.cpt AS cpt,
    m._loaded_at AS _loaded_at
FROM zakaz.v_marketing_daily AS m
SETTINGS join_use_nulls = 1
COMMENT 'Sales against all advertising cost per day and city, roubles';

-- qtickets_api runs every hour: ok up to 2 hours, late up to 6. The other sources run daily: 26 and 50 hours.
CREATE OR REPLACE VIEW bi.v_ops_freshness
(
    d               Date                                COMMENT 'today, Moscow',
    source          String                              COMMENT 'job',
    loaded_at       Nullable(DateTime('Europe/Moscow')) COMMENT 'newest write into the tables of the source; NULL = empty',
    freshness_hours Nullable(Float64)                   COMMENT 'hours since loaded_at; NULL = empty',
    total_rows      UInt64                              COMMENT 'rows over the tables of the source',
    last_run_at     Nullable(DateTime('Europe/Moscow')) COMMENT 'start of the newest run; NULL = never',
    last_run_status String                              COMMENT 'its status, empty = never',
    last_ok_at      Nullable(DateTime('Europe/Moscow')) COMMENT 'end of the newest ok run; NULL = never',
    hours_since_ok  Nullable(Float64)                   COMMENT 'hours since last_ok_at; NULL = never',
    state           String                              COMMENT 'never, ok, late or stale, by hours_since_ok'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    toDate(now('Europe/Moscow')) AS d,
    g.source AS source,
    g.newest AS loaded_at,
    dateDiff('second', g.newest, now('Europe/Moscow')) / 3600 AS freshness_hours,
    g.row_count AS total_rows,
    g.run_at AS last_run_at,
    g.run_status AS last_run_status,
    g.ok_at AS last_ok_at,
    dateDiff('second', g.ok_at, now('Europe/Moscow')) / 3600 AS hours_since_ok,
    multiIf(
        g.ok_at IS NULL, 'never',
        ifNull(dateDiff('second', g.ok_at, now('Europe/Moscow')), 0) <= if(g.source = 'qtickets_api', 2, 26) * 3600, 'ok',
        ifNull(dateDiff('second', g.ok_at, now('Europe/Moscow')), 0) <= if(g.source = 'qtickets_api', 6, 50) * 3600, 'late',
        'stale'
    ) AS state
FROM
(
    SELECT
        f.source AS source,
        max(f.loaded_at) AS newest,
        sum(f.total_rows) AS row_count,
        max(f.last_run_at) AS run_at,
        max(f.last_run_status) AS run_status,
        max(f.last_ok_at) AS ok_at
    FROM zakaz.v_qtickets_freshness AS f
    GROUP BY f.source
) AS g
SETTINGS join_use_nulls = 1
COMMENT 'Health per source: newest load and newest run';
