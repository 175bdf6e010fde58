-- Facts, the ledger they are derived from, and the plan. Read with FINAL.

-- Ledger of order lines: same lines as staging, without payload and without TTL. Filled by mv_qtickets_sales_latest and
-- by the ledger repair of the derivation. event_id is not in the key: a corrected event replaces the row.
CREATE TABLE IF NOT EXISTS zakaz.fact_qtickets_orders
(
    order_id      String                                           COMMENT 'source order id',
    item_id       String DEFAULT ''                                COMMENT 'source ticket id; empty = header line',
    event_id      String                                           COMMENT 'event',
    show_id       String DEFAULT ''                                COMMENT 'show, empty = unknown',
    city          LowCardinality(String) DEFAULT ''                COMMENT 'city when loaded; facts use dim_events',
    status        LowCardinality(String)                           COMMENT 'paid, refunded, removed, cancelled or unpaid',
    sale_ts       Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'time of payment; NULL while not paid',
    sales_date    Nullable(Date) DEFAULT NULL                      COMMENT 'Moscow day of sale_ts',
    tickets_sold  UInt32 DEFAULT 0                                 COMMENT 'valid tickets',
    revenue       Decimal(18, 2) DEFAULT 0                         COMMENT 'money kept, net of refunds',
    refunds       Decimal(18, 2) DEFAULT 0                         COMMENT 'money returned',
    currency      LowCardinality(String)                           COMMENT 'ISO 4217 code',
    utm_source    LowCardinality(String) DEFAULT ''                COMMENT 'utm_source, trimmed, case kept; empty = none',
    utm_medium    LowCardinality(String) DEFAULT ''                COMMENT 'utm_medium, trimmed, case kept; empty = none',
    utm_campaign  String DEFAULT ''                                COMMENT 'utm_campaign, trimmed, case kept; empty = none',
    utm_content   String DEFAULT ''                                COMMENT 'utm_content, trimmed, case kept; empty = none',
    utm_term      String DEFAULT ''                                COMMENT 'utm_term, trimmed, case kept; empty = none',
    discount_id   String DEFAULT ''                                COMMENT 'source discount id',
    promo_code_id String DEFAULT ''                                COMMENT 'source promo code id',
    payment_type  LowCardinality(String) DEFAULT ''                COMMENT 'source payment type',
    _ver          UInt64                                           COMMENT 'row version, ms, copied from staging: second of the last change in the order; the milliseconds tell how soon after it began the order was read',
    _loaded_at    DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written',
    CONSTRAINT chk_currency CHECK length(currency) = 3
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (order_id, item_id)
COMMENT 'Ledger of order lines: the only source of the sales facts';

-- A key that has no sales any more is rewritten with zeros. City depends on the event, so it is not in the key.
CREATE TABLE IF NOT EXISTS zakaz.fact_qtickets_sales_daily
(
    sales_date   Date                                            COMMENT 'day of sale, Moscow',
    event_id     String                                          COMMENT 'event',
    city         LowCardinality(String) DEFAULT ''               COMMENT 'canonical city of the event, empty = unknown',
    tickets_sold UInt32 DEFAULT 0                                COMMENT 'valid tickets',
    revenue      Decimal(18, 2) DEFAULT 0                        COMMENT 'money kept, net of refunds',
    refunds      Decimal(18, 2) DEFAULT 0                        COMMENT 'money returned',
    orders_count UInt32 DEFAULT 0                                COMMENT 'orders with at least one valid ticket; not additive over events',
    currency     LowCardinality(String)                          COMMENT 'ISO 4217 code',
    _ver         UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at   DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written',
    CONSTRAINT chk_currency CHECK length(currency) = 3
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(sales_date)
ORDER BY (sales_date, event_id, currency)
COMMENT 'Sales per day of sale, event and currency';

-- Sums over the UTM columns equal fact_qtickets_sales_daily.
CREATE TABLE IF NOT EXISTS zakaz.fact_qtickets_sales_utm_daily
(
    sales_date   Date                                            COMMENT 'day of sale, Moscow',
    event_id     String                                          COMMENT 'event',
    city         LowCardinality(String) DEFAULT ''               COMMENT 'canonical city of the event, empty = unknown',
    utm_source   LowCardinality(String) DEFAULT ''               COMMENT 'utm_source, lower case; empty = none',
    utm_medium   LowCardinality(String) DEFAULT ''               COMMENT 'utm_medium, lower case; empty = none',
    utm_campaign String DEFAULT ''                               COMMENT 'utm_campaign, lower case; empty = none',
    utm_content  String DEFAULT ''                               COMMENT 'utm_content, lower case; empty = none',
    utm_term     String DEFAULT ''                               COMMENT 'utm_term, lower case; empty = none',
    tickets_sold UInt32 DEFAULT 0                                COMMENT 'valid tickets',
    revenue      Decimal(18, 2) DEFAULT 0                        COMMENT 'money kept, net of refunds',
    refunds      Decimal(18, 2) DEFAULT 0                        COMMENT 'money returned',
    currency     LowCardinality(String)                          COMMENT 'ISO 4217 code',
    _ver         UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at   DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written',
    CONSTRAINT chk_currency CHECK length(currency) = 3
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(sales_date)
ORDER BY (sales_date, event_id, currency, utm_source, utm_medium, utm_campaign, utm_content, utm_term)
COMMENT 'Sales per day of sale, event, currency and UTM';

-- Complete polls of an event only.
CREATE TABLE IF NOT EXISTS zakaz.fact_qtickets_inventory
(
    snapshot_ts   DateTime('Europe/Moscow')               COMMENT 'time of the poll',
    event_id      String                                  COMMENT 'event',
    event_name    String DEFAULT ''                       COMMENT 'event name',
    city          LowCardinality(String) DEFAULT ''       COMMENT 'canonical city, empty = unknown',
    tickets_total Nullable(UInt32) DEFAULT NULL           COMMENT 'places on sale over all open shows; NULL = unknown',
    tickets_left  Nullable(UInt32) DEFAULT NULL           COMMENT 'free places; 0 = sold out, NULL = unknown',
    shows_count   UInt16 DEFAULT 0                        COMMENT 'open shows in the sum',
    _ver          UInt64                                  COMMENT 'row version: time of the poll, ms',
    _loaded_at    DateTime('Europe/Moscow') DEFAULT now() COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(snapshot_ts)
ORDER BY (event_id, snapshot_ts)
TTL snapshot_ts + toIntervalDay(800)
COMMENT 'History of seat counters per event';

-- A complete poll replaces the row. An event that never had one keeps a placeholder: counters NULL, _ver 0.
CREATE TABLE IF NOT EXISTS zakaz.fact_qtickets_inventory_latest
(
    snapshot_ts   DateTime('Europe/Moscow')               COMMENT 'time of the poll',
    event_id      String                                  COMMENT 'event',
    event_name    String DEFAULT ''                       COMMENT 'event name',
    city          LowCardinality(String) DEFAULT ''       COMMENT 'canonical city, empty = unknown',
    tickets_total Nullable(UInt32) DEFAULT NULL           COMMENT 'places on sale over all open shows; NULL = unknown',
    tickets_left  Nullable(UInt32) DEFAULT NULL           COMMENT 'free places; 0 = sold out, NULL = unknown',
    shows_count   UInt16 DEFAULT 0                        COMMENT 'open shows in the sum',
    _ver          UInt64                                  COMMENT 'row version: time of the poll in ms of a complete poll; 0 for a placeholder',
    _loaded_at    DateTime('Europe/Moscow') DEFAULT now() COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (event_id)
COMMENT 'Newest complete seat counters per event';

-- Keys that have aged out of staging stay: money spent does not vanish.
CREATE TABLE IF NOT EXISTS zakaz.fact_vk_ads_daily
(
    stat_date     Date                                            COMMENT 'day of the statistics, Moscow',
    account_id    String                                          COMMENT 'ad account',
    campaign_id   String                                          COMMENT 'campaign',
    ad_group_id   String DEFAULT ''                               COMMENT 'ad group, empty = none',
    ad_id         String DEFAULT ''                               COMMENT 'ad, empty when statistics are per campaign',
    campaign_name String DEFAULT ''                               COMMENT 'campaign name',
    city          LowCardinality(String) DEFAULT ''               COMMENT 'canonical city, empty = unknown',
    utm_source    LowCardinality(String) DEFAULT ''               COMMENT 'utm_source, lower case; empty = none',
    utm_medium    LowCardinality(String) DEFAULT ''               COMMENT 'utm_medium, lower case; empty = none',
    utm_campaign  String DEFAULT ''                               COMMENT 'utm_campaign, lower case; empty = none',
    utm_content   String DEFAULT ''                               COMMENT 'utm_content, lower case; empty = none',
    utm_term      String DEFAULT ''                               COMMENT 'utm_term, lower case; empty = none',
    impressions   UInt64 DEFAULT 0                                COMMENT 'impressions',
    clicks        UInt64 DEFAULT 0                                COMMENT 'clicks',
    spend         Decimal(18, 2) DEFAULT 0                        COMMENT 'money spent, roubles when currency is RUB',
    currency      LowCardinality(String)                          COMMENT 'ISO 4217 code',
    _ver          UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at    DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written',
    CONSTRAINT chk_currency CHECK length(currency) = 3
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(stat_date)
ORDER BY (stat_date, account_id, campaign_id, ad_id)
COMMENT 'VK Ads cost per day and ad';

-- Filled by the import of a CSV file (loaders/direct). All views work with it empty.
CREATE TABLE IF NOT EXISTS zakaz.fact_direct_daily
(
    stat_date     Date                                            COMMENT 'day of the statistics, Moscow',
    account_id    String                                          COMMENT 'client login',
    campaign_id   String                                          COMMENT 'campaign',
    ad_group_id   String DEFAULT ''                               COMMENT 'ad group, empty = none',
    ad_id         String DEFAULT ''                               COMMENT 'ad, empty when statistics are per campaign',
    campaign_name String DEFAULT ''                               COMMENT 'campaign name',
    city          LowCardinality(String) DEFAULT ''               COMMENT 'canonical city, empty = unknown',
    utm_source    LowCardinality(String) DEFAULT ''               COMMENT 'utm_source, lower case; empty = none',
    utm_medium    LowCardinality(String) DEFAULT ''               COMMENT 'utm_medium, lower case; empty = none',
    utm_campaign  String DEFAULT ''                               COMMENT 'utm_campaign, lower case; empty = none',
    utm_content   String DEFAULT ''                               COMMENT 'utm_content, lower case; empty = none',
    utm_term      String DEFAULT ''                               COMMENT 'utm_term, lower case; empty = none',
    impressions   UInt64 DEFAULT 0                                COMMENT 'impressions',
    clicks        UInt64 DEFAULT 0                                COMMENT 'clicks',
    spend         Decimal(18, 2) DEFAULT 0                        COMMENT 'money spent, roubles when currency is RUB',
    currency      LowCardinality(String)                          COMMENT 'ISO 4217 code',
    _ver          UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at    DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written',
    CONSTRAINT chk_currency CHECK length(currency) = 3
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(stat_date)
ORDER BY (stat_date, account_id, campaign_id, ad_id)
COMMENT 'Yandex Direct cost per day and ad';

-- City is part of the key, because a plan can be for a city without an event. A withdrawn plan is the same key with zeros.
CREATE TABLE IF NOT EXISTS zakaz.plan_sales
(
    sales_date   Date                                            COMMENT 'day of the plan',
    event_id     String DEFAULT ''                               COMMENT 'event; empty = plan of the whole city',
    city         LowCardinality(String) DEFAULT ''               COMMENT 'canonical city, empty = all',
    plan_tickets UInt32 DEFAULT 0                                COMMENT 'planned tickets',
    plan_revenue Decimal(18, 2) DEFAULT 0                        COMMENT 'planned revenue, roubles',
    _ver         UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at   DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(sales_date)
ORDER BY (sales_date, event_id, city)
COMMENT 'Sales plan in roubles';
