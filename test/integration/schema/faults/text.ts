import type { Fault } from "./fault";

const ACCESS = "sql/10_access.sql";

/** Bytes and secrets. */
export const textFaults: readonly Fault[] = [
  {
    what: "a byte order mark",
    edits: [["sql/20_databases.sql", /^/, "\ufeff"]],
    findings: [
      "sql/20_databases.sql:«-- zakaz: th» sql/20_databases.sql: begins with a byte order mark; expected UTF-8 without it",
    ],
  },
  {
    what: "text decoded wrongly",
    edits: [["sql/20_databases.sql", "Views for DataLens", "Р’РёС‚СЂРёРЅС‹"]],
    findings: [
      'sql/20_databases.sql:«CREATE DATABASE IF NOT EXISTS b» sql/20_databases.sql: text decoded wrongly: "С‚СЂ"; expected readable UTF-8',
    ],
  },
  {
    what: "bytes that are not UTF-8",
    edits: [["sql/20_databases.sql", "", Buffer.from("-- \xe2\xe8\xf2\n", "latin1")]],
    findings: ["sql/20_databases.sql:«-- ���» sql/20_databases.sql: is not UTF-8; expected UTF-8"],
  },
  {
    what: "a password",
    edits: [
      [
        ACCESS,
        "CREATE ROLE IF NOT EXISTS role_etl_writer;",
        "CREATE ROLE IF NOT EXISTS role_etl_writer; -- password = 'Sommer2031!'",
      ],
    ],
    findings: [
      "sql/10_access.sql:«CREATE ROLE I» sql/10_access.sql: a value that looks like a secret; expected no secret in SQL",
    ],
  },
];
