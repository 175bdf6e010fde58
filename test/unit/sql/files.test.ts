import { describe, expect, it } from "vitest";
import { declaredObjects, isReaderView } from "../../../warehouse/schema/objects";
import {
  NAMES,
  OBJECTS,
  READER_VIEWS,
  readSqlFile,
  sqlFiles,
  statementsOf,
  wholeSql,
  withoutStrings,
} from "../../support/sql";

const statements = statementsOf(wholeSql());

/** Kind and name of the object that a statement creates, or nothing. */
function created(statement: string): { kind: string; name: string } | undefined {
  const pattern =
    /^CREATE (?:OR REPLACE )?(DATABASE|TABLE|MATERIALIZED VIEW|VIEW|USER|ROLE|SETTINGS PROFILE|QUOTA) (?:IF NOT EXISTS )?([\w.]+)/;
  const match = pattern.exec(statement);
  return match ? { kind: match[1]!, name: match[2]! } : undefined;
}

const ofKind = (...kinds: string[]): string[] =>
  statements.filter((s) => kinds.includes(created(s)?.kind ?? ""));
const tables = ofKind("TABLE");
const views = ofKind("VIEW");
const nameOf = (statement: string): string => created(statement)!.name;

/** Column lines of a CREATE statement: what stands in its first pair of brackets, constraints left out. */
function columnLines(statement: string): string[] {
  const body = statement.slice(statement.indexOf("\n(\n") + 3, statement.indexOf("\n)\n"));
  return body.split("\n").filter((line) => !line.trim().startsWith("CONSTRAINT"));
}

describe("the files of sql/", () => {
  it("run in the agreed order", () => {
    expect(sqlFiles()).toEqual([
      "10_access.sql",
      "20_databases.sql",
      "30_staging.sql",
      "31_dimensions.sql",
      "32_facts.sql",
      "33_journal.sql",
      "40_materialized_view.sql",
      "50_views.sql",
      "51_views_bi.sql",
      "52_views_meta.sql",
      "60_city_aliases.sql",
    ]);
  });

  it.each(sqlFiles())("%s is plain UTF-8 with line ends of one kind", (name) => {
    const bytes = readSqlFile(name);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    expect(text.charCodeAt(0)).not.toBe(0xfeff);
    expect(text).not.toMatch(/[\r\t\u00a0]|\ufffd| \n/);
    expect(text.endsWith(";\n")).toBe(true);
  });

  it("create every object exactly once", () => {
    const names = statements
      .map(created)
      .filter(Boolean)
      .map((o) => `${o!.kind} ${o!.name}`);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it("create exactly the names of the warehouse", () => {
    const found = ofKind("TABLE", "VIEW", "MATERIALIZED VIEW").map(nameOf).sort();
    expect(found).toEqual([...OBJECTS].sort());
    expect(declaredObjects().sort()).toEqual(found);
    expect(declaredObjects().filter(isReaderView).sort()).toEqual([...READER_VIEWS].sort());
    expect([NAMES.zakaz.length, NAMES.bi.length, NAMES.meta.length]).toEqual([31, 4, 7]);
    expect([tables.length, views.length]).toEqual([25, 16]);
  });

  it("hold nothing that removes data or cannot be run again", () => {
    const repeatable = [
      "CREATE (DATABASE|TABLE|MATERIALIZED VIEW|USER|ROLE|SETTINGS PROFILE|QUOTA) IF NOT EXISTS",
      "CREATE OR REPLACE VIEW",
      "ALTER (USER|SETTINGS PROFILE|QUOTA)",
      "GRANT",
      "SET DEFAULT ROLE",
      "INSERT INTO zakaz\\.dim_city_alias",
    ];
    for (const statement of statements) {
      const words = withoutStrings(statement);
      expect(words).not.toMatch(/\b(DROP|TRUNCATE|DELETE|DETACH|RENAME|EXCHANGE|POPULATE|OPTIMIZE)\b/i);
      expect(words).toMatch(new RegExp(`^(${repeatable.join("|")}) `));
    }
  });

  it("never touch the password or the hosts of a user that exists", () => {
    for (const statement of statements.filter((s) => s.startsWith("ALTER USER"))) {
      expect(statement).not.toMatch(/IDENTIFIED|HOST/);
    }
    for (const statement of ofKind("USER")) {
      expect(statement).toMatch(/ IDENTIFIED WITH sha256_hash BY '0{64}' HOST NONE$/);
    }
  });
});

describe.each(tables.map((table) => [nameOf(table), table] as const))("table %s", (name, table) => {
  const columns = columnLines(table).map((line) => {
    const match = /^ {4}(\w+) +(.*?) +COMMENT '(.+?)'(.*?),?$/.exec(line);
    return { name: match?.[1], type: match?.[2] ?? "", comment: match?.[3], line };
  });

  it("is versioned, and its version and load time come last", () => {
    expect(table).toContain("\nENGINE = ReplacingMergeTree(_ver)\n");
    expect(
      columns.slice(-2).map((column) => `${column.name} ${column.type.replace(/ DEFAULT.*/, "")}`),
    ).toEqual(["_ver UInt64", "_loaded_at DateTime('Europe/Moscow')"]);
    expect(columns.at(-1)?.type).toBe("DateTime('Europe/Moscow') DEFAULT now()");
  });

  it("has a comment on itself and on every column", () => {
    expect(table).toMatch(/\nCOMMENT '[^\n]+'$/);
    for (const column of columns) expect(column.comment, column.line).toBeTruthy();
  });

  it("keeps the rules of types", () => {
    for (const column of columns) {
      if (!(name === "meta.sli_daily" && column.name === "metric_value"))
        expect(column.type).not.toContain("Float");
      expect(column.type).not.toMatch(/DateTime(?!\('Europe\/Moscow'\))|LowCardinality\(Nullable/);
      if (/_(id|hash)$/.test(column.name ?? "")) expect(column.type).toMatch(/^(String|UUID)/);
      if (column.name === "city") expect(column.type).toMatch(/^LowCardinality\(String\)/);
      expect(column.name).not.toBe("event_date");
    }
  });

  it("is partitioned by a key column only, and its key is never Nullable", () => {
    const key = /\nORDER BY \((.*)\)\n/.exec(table)![1]!.split(", ");
    for (const part of key)
      expect(columns.find((column) => column.name === part)?.type).not.toMatch(/^Nullable|^$/);
    const partition = /\nPARTITION BY (.*)\n/.exec(table)?.[1];
    if (partition) expect(key).toContain(/^toYYYYMM\((\w+)\)$/.exec(partition)?.[1]);
  });

  it("has a TTL in the agreed form, if any", () => {
    const ttl = /\nTTL (.*)\n/.exec(table)?.[1];
    if (ttl)
      expect(ttl).toMatch(
        /^(_loaded_at|snapshot_ts|stat_date|started_at|ts|d) \+ toIntervalDay\((90|400|800)\)$/,
      );
  });
});

/** Names that a query reads: what follows FROM, JOIN. */
const reads = (query: string): string[] =>
  [...query.matchAll(/\b(?:FROM|JOIN) ((?:zakaz|bi|meta)\.\w+)/g)].map((m) => m[1]!);

describe.each(views.map((view) => [nameOf(view), view] as const))("view %s", (_, view) => {
  const query = view.slice(view.indexOf("\nAS\n") + 4);

  it("declares its columns with comments", () => {
    for (const line of columnLines(view)) expect(line).toMatch(/^ {4}\w+ +\S.* COMMENT '[^']+',?$/);
  });

  it("has the definer, and ends with the setting and the comment", () => {
    expect(view).toContain("\n)\nDEFINER = zakaz_definer SQL SECURITY DEFINER\nAS\nSELECT\n");
    expect(view).toMatch(/\nSETTINGS join_use_nulls = 1\nCOMMENT '([^'\n]|'')+'$/);
  });

  it("selects the declared columns in the declared order", () => {
    const declared = columnLines(view).map((line) => line.trim().split(" ")[0]);
    const head = query.slice(0, query.search(/\nFROM\b/));
    const selected = [...head.matchAll(/^ {4}(?:\S.*?|\)) AS (\w+),?$/gm)].map((m) => m[1]);
    expect(selected).toEqual(declared);
  });

  it("promises no order, hides no column, invents no row", () => {
    expect(withoutStrings(query)).not.toMatch(/\bORDER BY\b|\bLIMIT\b|\bFULL\b|SELECT \*|\.\*|\btoday\(\)/);
  });

  it("reads tables with FINAL, except for a set of keys", () => {
    const plain = query
      .replace(/\bIN \(SELECT [^()]*(?:\([^()]*\)[^()]*)?\)/g, "")
      .matchAll(/\bFROM ((?:zakaz|meta)\.(?!v_)\w+)( AS \w+)?(?! FINAL)(?! AS)\b/g);
    expect([...plain].map((m) => m[1])).toEqual([]);
  });
});

it("the materialized view writes to the ledger, row by row", () => {
  const [view] = ofKind("MATERIALIZED VIEW");
  expect(view).toContain("zakaz.mv_qtickets_sales_latest\nTO zakaz.fact_qtickets_orders\n");
  expect(view).toContain("\nDEFINER = zakaz_definer SQL SECURITY DEFINER\nAS\nSELECT\n");
  expect(view).toMatch(
    /\nFROM zakaz\.stg_qtickets_api_orders_raw AS s\nSETTINGS join_use_nulls = 1\nCOMMENT '[^']+'$/,
  );
  expect(withoutStrings(view!)).not.toMatch(/\bGROUP BY\b|\bJOIN\b|\bWHERE\b|\bFINAL\b|now\(|today\(/);
  const ledger = tables.find((table) => nameOf(table) === "zakaz.fact_qtickets_orders")!;
  const names = (statement: string) => columnLines(statement).map((line) => line.trim().split(" ")[0]);
  expect(names(view!)).toEqual(names(ledger));
});

describe("grants", () => {
  const grants = statements.flatMap((statement) => {
    const match = /^GRANT (.+) ON (\S+) TO (\w+)$/.exec(statement);
    return match ? [{ rights: match[1]!, on: match[2]!, to: match[3]! }] : [];
  });
  const of = (who: string, rights: string): string[] =>
    grants.filter((g) => g.to === who && g.rights.split(", ").includes(rights)).map((g) => g.on);

  it("let the definer read exactly what views and the materialized view read", () => {
    const queries = [...views, ...ofKind("MATERIALIZED VIEW")].map((view) =>
      view.slice(view.indexOf("\nAS\n")),
    );
    const read = [...new Set(queries.flatMap(reads))].sort();
    // INSERT needs no SELECT on the target, but views read the ledger as well.
    expect(of("zakaz_definer", "SELECT").sort()).toEqual(read);
    expect(of("zakaz_definer", "INSERT")).toEqual(["zakaz.fact_qtickets_orders"]);
  });

  it("let DataLens read the 14 views and nothing else", () => {
    expect(of("role_bi_reader", "SELECT").sort()).toEqual([...READER_VIEWS].sort());
    expect(of("role_bi_reader", "INSERT")).toEqual([]);
  });

  it("name every object: no wildcard but for SHOW and BACKUP", () => {
    const known = [...OBJECTS, "system.backups", "system.disks"];
    for (const { rights, on } of grants) {
      if (on.endsWith(".*")) expect(rights).toMatch(/^SHOW DATABASES, SHOW TABLES, SHOW COLUMNS(, BACKUP)?$/);
      else expect(known).toContain(on);
    }
  });

  it("give nobody anything on buyers and partner tickets", () => {
    expect(grants.filter((g) => /clients_raw|partner_tickets_raw/.test(g.on))).toEqual([]);
  });
});
