-- Copies order lines row by row from staging into the ledger at insert time. Correctness does not depend on it: each
-- derivation starts with a repair of the ledger. `zakaz schema apply` drops it and makes it anew when it changes: MODIFY
-- QUERY would lose the comments of its columns, and it holds no rows.
CREATE MATERIALIZED VIEW IF NOT EXISTS zakaz.mv_qtickets_sales_latest
TO zakaz.fact_qtickets_orders
(
    order_id      String                              COMMENT 'source order id',
    item_id       String                              COMMENT 'source ticket id; empty = header line',
    event_id      String                              COMMENT 'event',
    show_id       String                              COMMENT 'show, empty = unknown',
    city          LowCardinality(String)              COMMENT 'city when loaded; facts use dim_events',
    status        LowCardinality(String)              COMMENT 'paid, refunded, removed, cancelled or unpaid',
    sale_ts       Nullable(DateTime('Europe/Moscow')) COMMENT 'time of payment; NULL while not paid',
    sales_date    Nullable(Date)                      COMMENT 'Moscow day of sale_ts',
    tickets_sold  UInt32                              COMMENT 'valid tickets',
    revenue       Decimal(18, 2)                      COMMENT 'money kept, net of refunds',
    refunds       Decimal(18, 2)                      COMMENT 'money returned',
    currency      LowCardinality(String)              COMMENT 'ISO 4217 code',
    utm_source    LowCardinality(String)              COMMENT 'utm_source, trimmed, case kept; empty = none',
    utm_medium    LowCardinality(String)              COMMENT 'utm_medium, trimmed, case kept; empty = none',
    utm_campaign  String                              COMMENT 'utm_campaign, trimmed, case kept; empty = none',
    utm_content   String                              COMMENT 'utm_content, trimmed, case kept; empty = none',
    utm_term      String                              COMMENT 'utm_term, trimmed, case kept; empty = none',
    discount_id   String                              COMMENT 'source discount id',
    promo_code_id String                              COMMENT 'source promo code id',
    payment_type  LowCardinality(String)              COMMENT 'source payment type',
    _ver          UInt64                              COMMENT 'row version: copied from staging',
    _loaded_at    DateTime('Europe/Moscow')           COMMENT 'when this row was written'
)
DEFINER = zakaz_definer SQL SECURITY DEFINER
AS
SELECT
    s.order_id AS order_id,
    s.item_id AS item_id,
    s.event_id AS event_id,
    s.show_id AS show_id,
    s.city AS city,
    s.status AS status,
    s.sale_ts AS sale_ts,
    toDate(s.sale_ts, 'Europe/Moscow') AS sales_date,
    s.tickets_sold AS tickets_sold,
    s.revenue AS revenue,
    s.refunds AS refunds,
    s.currency AS currency,
    s.utm_source AS utm_source,
    s.utm_medium AS utm_medium,
    s.utm_campaign AS utm_campaign,
    s.utm_content AS utm_content,
    s.utm_term AS utm_term,
    s.discount_id AS discount_id,
    s.promo_code_id AS promo_code_id,
    s.payment_type AS payment_type,
    s._ver AS _ver,
    s._loaded_at AS _loaded_at
FROM zakaz.stg_qtickets_api_orders_raw AS s
SETTINGS join_use_nulls = 1
COMMENT 'Copies order lines row by row from staging into the ledger';
