-- Staging: rows as last seen at the sources. Read with FINAL.

-- Grain: one line per ticket of an order. All lines of an order are written in one insert with the same _ver, so the
-- current lines of an order are those with its greatest _ver: a ticket that vanished drops out without a delete.
-- No partition: sale_ts can change, and two versions of a row must meet in one partition.
CREATE TABLE IF NOT EXISTS zakaz.stg_qtickets_api_orders_raw
(
    order_id      String                                           COMMENT 'source order id',
    item_id       String DEFAULT ''                                COMMENT 'source basket (ticket) id; empty = header line of an order that has no baskets',
    event_id      String                                           COMMENT 'event of the line',
    show_id       String DEFAULT ''                                COMMENT 'show of the line, empty = unknown',
    city          LowCardinality(String) DEFAULT ''                COMMENT 'canonical city of the event when loaded; informational',
    status        LowCardinality(String)                           COMMENT 'paid, refunded, removed, cancelled or unpaid',
    sale_ts       Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'time of payment; NULL while the order is not paid',
    created_ts    Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'when the order was created',
    updated_ts    Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'time of the last change found in the order and its baskets',
    tickets_sold  UInt32 DEFAULT 0                                 COMMENT 'tickets of the line that are valid now',
    revenue       Decimal(18, 2) DEFAULT 0                         COMMENT 'money kept for the line, net of refunds',
    refunds       Decimal(18, 2) DEFAULT 0                         COMMENT 'money returned to the buyer for the line',
    currency      LowCardinality(String)                           COMMENT 'ISO 4217 code, upper case',
    utm_source    LowCardinality(String) DEFAULT ''                COMMENT 'utm_source, trimmed, case kept; empty = none',
    utm_medium    LowCardinality(String) DEFAULT ''                COMMENT 'utm_medium, trimmed, case kept; empty = none',
    utm_campaign  String DEFAULT ''                                COMMENT 'utm_campaign, trimmed, case kept; empty = none',
    utm_content   String DEFAULT ''                                COMMENT 'utm_content, trimmed, case kept; empty = none',
    utm_term      String DEFAULT ''                                COMMENT 'utm_term, trimmed, case kept; empty = none',
    discount_id   String DEFAULT ''                                COMMENT 'source discount id, empty = none',
    promo_code_id String DEFAULT ''                                COMMENT 'source promo code id, empty = none',
    payment_type  LowCardinality(String) DEFAULT ''                COMMENT 'source payment type',
    payload_json  String DEFAULT '' COMMENT 'allow-listed source fields as JSON; no personal data; emptied after 90 days' CODEC(ZSTD(3)) TTL _loaded_at + toIntervalDay(90),
    _ver          UInt64                                           COMMENT 'row version, ms: second of the last change in the order; the milliseconds tell how soon after it began the order was read (at most 999), so a later reading wins',
    _loaded_at    DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written',
    CONSTRAINT chk_status CHECK status IN ('paid', 'refunded', 'removed', 'cancelled', 'unpaid'),
    CONSTRAINT chk_currency CHECK length(currency) = 3
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (order_id, item_id)
TTL _loaded_at + toIntervalDay(400)
COMMENT 'Order lines (tickets) as last seen at the Qtickets API';

-- One row per open show and poll, also when the counters are unknown. 0 is sold out, NULL is not known.
CREATE TABLE IF NOT EXISTS zakaz.stg_qtickets_api_inventory_raw
(
    snapshot_ts   DateTime('Europe/Moscow')                        COMMENT 'time of the poll; one value for the whole run',
    event_id      String                                           COMMENT 'event',
    show_id       String DEFAULT ''                                COMMENT 'show',
    event_name    String DEFAULT ''                                COMMENT 'event name when polled',
    city          LowCardinality(String) DEFAULT ''                COMMENT 'canonical city',
    show_start_ts Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'start of the show',
    tickets_total Nullable(UInt32) DEFAULT NULL                    COMMENT 'places on sale in the show; NULL = unknown',
    tickets_left  Nullable(UInt32) DEFAULT NULL                    COMMENT 'free places; 0 = sold out, NULL = unknown',
    status        LowCardinality(String)                           COMMENT 'ok, no_counters, not_found or error',
    _ver          UInt64                                           COMMENT 'row version: time of the poll, ms',
    _loaded_at    DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written',
    CONSTRAINT chk_status CHECK status IN ('ok', 'no_counters', 'not_found', 'error')
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(snapshot_ts)
ORDER BY (event_id, show_id, snapshot_ts)
TTL snapshot_ts + toIntervalDay(90)
COMMENT 'Seat counters per show and poll';

-- Nobody writes or reads this table: buyers are never requested from the source. No role has a grant on it.
CREATE TABLE IF NOT EXISTS zakaz.stg_qtickets_api_clients_raw
(
    client_hash String                                          COMMENT 'hex HMAC-SHA-256 of the source client id',
    has_email   UInt8 DEFAULT 0                                 COMMENT '1 = the source has an e-mail',
    has_phone   UInt8 DEFAULT 0                                 COMMENT '1 = the source has a phone',
    _ver        UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at  DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (client_hash)
TTL _loaded_at + toIntervalDay(400)
COMMENT 'Kept empty; only keyed hashes of buyers if it is ever filled';

-- Optional dataset.
CREATE TABLE IF NOT EXISTS zakaz.stg_qtickets_api_price_shades_raw
(
    shade_id     String                                          COMMENT 'source id',
    name         String DEFAULT ''                               COMMENT 'name, empty when the source has none',
    color        String DEFAULT ''                               COMMENT '#rrggbb',
    payload_json String DEFAULT ''                               COMMENT 'allow-listed source fields as JSON; no personal data' CODEC(ZSTD(3)),
    _ver         UInt64 DEFAULT toUnixTimestamp64Milli(now64(3)) COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at   DateTime('Europe/Moscow') DEFAULT now()         COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (shade_id)
COMMENT 'Colour catalogue of price categories';

-- Optional dataset.
CREATE TABLE IF NOT EXISTS zakaz.stg_qtickets_api_discounts_raw
(
    discount_id    String                                           COMMENT 'source id',
    name           String DEFAULT ''                                COMMENT 'name',
    discount_type  LowCardinality(String) DEFAULT ''                COMMENT 'source type code',
    discount_value Nullable(Decimal(18, 2)) DEFAULT NULL            COMMENT 'value; NULL = the source gives none',
    is_active      UInt8 DEFAULT 1                                  COMMENT '1 = active',
    active_from    Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'start of validity',
    active_to      Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'end of validity',
    deleted_ts     Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'deleted at the source',
    payload_json   String DEFAULT ''                                COMMENT 'allow-listed source fields as JSON; no personal data' CODEC(ZSTD(3)),
    _ver           UInt64 DEFAULT toUnixTimestamp64Milli(now64(3))  COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at     DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (discount_id)
COMMENT 'Discount catalogue';

-- Optional dataset. A code is worth money: the loader may insert, nobody else reads.
CREATE TABLE IF NOT EXISTS zakaz.stg_qtickets_api_promo_codes_raw
(
    promo_code_id  String                                           COMMENT 'source id',
    code           String DEFAULT ''                                COMMENT 'the code as text, also when it looks like a number',
    discount_id    String DEFAULT ''                                COMMENT 'discount it grants, empty = none',
    discount_type  LowCardinality(String) DEFAULT ''                COMMENT 'source type code',
    discount_value Nullable(Decimal(18, 2)) DEFAULT NULL            COMMENT 'value; NULL = the source gives none',
    max_uses       Nullable(UInt32) DEFAULT NULL                    COMMENT 'use limit; NULL = no limit given',
    is_active      UInt8 DEFAULT 1                                  COMMENT '1 = active',
    valid_from     Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'start of validity (source: active_from)',
    valid_to       Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'end of validity (source: active_to)',
    deleted_ts     Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'deleted at the source',
    payload_json   String DEFAULT ''                                COMMENT 'allow-listed source fields as JSON; no personal data' CODEC(ZSTD(3)),
    _ver           UInt64 DEFAULT toUnixTimestamp64Milli(now64(3))  COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at     DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (promo_code_id)
COMMENT 'Promo code catalogue';

-- Optional dataset, off by default. The barcode itself opens a door and is never kept.
CREATE TABLE IF NOT EXISTS zakaz.stg_qtickets_api_barcodes_raw
(
    barcode_hash String                                           COMMENT 'hex HMAC-SHA-256 of the barcode; the barcode itself opens a door and is never kept',
    event_id     String DEFAULT ''                                COMMENT 'event',
    show_id      String DEFAULT ''                                COMMENT 'show',
    status       LowCardinality(String) DEFAULT ''                COMMENT 'source status',
    checked_at   Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'scanned at the door; NULL = not scanned',
    payload_json String DEFAULT '' COMMENT 'allow-listed source fields as JSON; no personal data; emptied after 90 days' CODEC(ZSTD(3)) TTL _loaded_at + toIntervalDay(90),
    _ver         UInt64 DEFAULT toUnixTimestamp64Milli(now64(3))  COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at   DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (barcode_hash)
TTL _loaded_at + toIntervalDay(400)
COMMENT 'Ticket barcodes as keyed hashes, with scan state; off by default';

-- Nobody writes this table yet. No role has a grant on it.
CREATE TABLE IF NOT EXISTS zakaz.stg_qtickets_api_partner_tickets_raw
(
    ticket_id         String                                           COMMENT 'source ticket id',
    external_order_id String DEFAULT ''                                COMMENT 'order id at the partner',
    external_id       String DEFAULT ''                                COMMENT 'ticket id at the partner',
    event_id          String DEFAULT ''                                COMMENT 'event',
    show_id           String DEFAULT ''                                COMMENT 'show',
    barcode_hash      String DEFAULT ''                                COMMENT 'hex HMAC-SHA-256 of the barcode, empty until paid',
    paid              UInt8 DEFAULT 0                                  COMMENT '1 = paid',
    paid_at           Nullable(DateTime('Europe/Moscow')) DEFAULT NULL COMMENT 'time of payment',
    price             Nullable(Decimal(18, 2)) DEFAULT NULL            COMMENT 'ticket price; NULL = unknown',
    currency          LowCardinality(String) DEFAULT ''                COMMENT 'ISO 4217 code, empty = not given',
    payload_json      String DEFAULT '' COMMENT 'allow-listed source fields as JSON; no personal data; emptied after 90 days' CODEC(ZSTD(3)) TTL _loaded_at + toIntervalDay(90),
    _ver              UInt64 DEFAULT toUnixTimestamp64Milli(now64(3))  COMMENT 'row version: run clock, ms; the greatest wins',
    _loaded_at        DateTime('Europe/Moscow') DEFAULT now()          COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (ticket_id)
TTL _loaded_at + toIntervalDay(400)
COMMENT 'Tickets sold through partners; kept empty until that source exists';

-- Units of (account_id, stat_date) are loaded whole. An ad that the source no longer lists keeps its row.
CREATE TABLE IF NOT EXISTS zakaz.stg_vk_ads_daily
(
    stat_date     Date                                    COMMENT 'day of the statistics, Moscow',
    account_id    String                                  COMMENT 'ad account',
    campaign_id   String                                  COMMENT 'campaign',
    ad_group_id   String DEFAULT ''                       COMMENT 'ad group, empty = none',
    ad_id         String DEFAULT ''                       COMMENT 'ad, empty when statistics are per campaign',
    campaign_name String DEFAULT ''                       COMMENT 'campaign name',
    ad_name       String DEFAULT ''                       COMMENT 'ad name',
    city_raw      String DEFAULT ''                       COMMENT 'city part of utm_content as written, empty = not parsed',
    city          LowCardinality(String) DEFAULT ''       COMMENT 'canonical city, empty = unknown',
    utm_source    LowCardinality(String) DEFAULT ''       COMMENT 'utm_source, trimmed, case kept; empty = none',
    utm_medium    LowCardinality(String) DEFAULT ''       COMMENT 'utm_medium, trimmed, case kept; empty = none',
    utm_campaign  String DEFAULT ''                       COMMENT 'utm_campaign, trimmed, case kept; empty = none',
    utm_content   String DEFAULT ''                       COMMENT 'utm_content, trimmed, case kept; empty = none',
    utm_term      String DEFAULT ''                       COMMENT 'utm_term, trimmed, case kept; empty = none',
    utm_day       UInt8 DEFAULT 0                         COMMENT 'day in utm_content, 0 = not parsed',
    utm_month     UInt8 DEFAULT 0                         COMMENT 'month in utm_content, 0 = not parsed',
    utm_parse_ok  UInt8 DEFAULT 0                         COMMENT '1 = utm_content has the agreed form',
    impressions   UInt64 DEFAULT 0                        COMMENT 'impressions',
    clicks        UInt64 DEFAULT 0                        COMMENT 'clicks',
    spend         Decimal(18, 2) DEFAULT 0                COMMENT 'money spent, roubles when currency is RUB',
    currency      LowCardinality(String) DEFAULT 'RUB'    COMMENT 'ISO 4217 code',
    _ver          UInt64                                  COMMENT 'row version: run clock, ms',
    _loaded_at    DateTime('Europe/Moscow') DEFAULT now() COMMENT 'when this row was written',
    CONSTRAINT chk_currency CHECK length(currency) = 3
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(stat_date)
ORDER BY (stat_date, account_id, campaign_id, ad_id)
TTL stat_date + toIntervalDay(400)
COMMENT 'VK Ads statistics per day, account, campaign and ad';
