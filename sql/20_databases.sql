-- zakaz: the data. bi: views for DataLens. meta: journals.

CREATE DATABASE IF NOT EXISTS zakaz ENGINE = Atomic COMMENT 'Ticket sales and advertising: staging, dimensions, facts, views';

CREATE DATABASE IF NOT EXISTS bi ENGINE = Atomic COMMENT 'Views for DataLens';

CREATE DATABASE IF NOT EXISTS meta ENGINE = Atomic COMMENT 'Journals: schema changes, watermarks, alerts, service levels, backups';
