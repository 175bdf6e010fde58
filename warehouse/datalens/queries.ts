import { asReader } from "../queries";
import { fieldsOf, sqlFormula, type Dataset } from "./datasets";

/** A query as DataLens sends it, with a word for people. */
export interface Query {
  what: string;
  sql: string;
  /** True: the answer has the fields of the dataset, in their order. */
  fields?: true;
}

/** What DataLens asks when a connection is tested, a table chosen and its fields read. */
export function metadataQueries(datasets: readonly Dataset[]): Query[] {
  return [
    { what: "connection test", sql: asReader`select 1` },
    { what: "time zone", sql: asReader`select timezone()` },
    { what: "databases", sql: asReader`SHOW DATABASES` },
    { what: "tables of zakaz", sql: asReader`SHOW TABLES FROM zakaz` },
    { what: "tables of bi", sql: asReader`SHOW TABLES FROM bi` },
    {
      what: "tables with databases",
      sql: asReader`SELECT database, name FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')`,
    },
    ...datasets.flatMap(({ name, view }) => viewQueries(name, view)),
  ];
}

function viewQueries(name: string, view: string): Query[] {
  const [database = "", table = ""] = view.split(".");
  return [
    { what: `${name}: exists`, sql: asReader`EXISTS TABLE ${view}` },
    { what: `${name}: fields`, sql: asReader`DESCRIBE TABLE ${view}` },
    { what: `${name}: fields of the sub-select`, sql: asReader`DESCRIBE TABLE (SELECT * FROM ${view})` },
    {
      what: `${name}: sorting key`,
      sql: asReader`SELECT sorting_key FROM system.tables WHERE database = '${database}' AND name = '${table}'`,
    },
  ];
}

/** What charts, selectors and the preview of a dataset ask. */
export function datasetQueries(dataset: Dataset): Query[] {
  const { name, view, date, dimensions, measures, calculated = {} } = dataset;
  const source = `FROM (SELECT * FROM ${view}) AS t1`;
  const where =
    date === undefined || dataset.days === undefined
      ? ""
      : ` WHERE t1.${date} BETWEEN today() - ${dataset.days} AND today()`;
  const sums = [
    ...measures.map((field) => `sum(t1.${field}) AS ${field}`),
    ...Object.entries(calculated).map(([field, ratio]) => `${sqlFormula(ratio)} AS ${field}`),
  ].join(", ");
  const [first = ""] = dimensions;
  const [greatest = ""] = measures;
  const queries: Query[] = [
    {
      what: `${name}: preview`,
      fields: true,
      sql: asReader`SELECT ${fieldsOf(dataset)
        .map((field) => `t1.${field}`)
        .join(", ")} ${source} LIMIT 100`,
    },
    { what: `${name}: totals`, sql: asReader`SELECT ${sums} ${source}${where} LIMIT 1000001` },
    {
      what: `${name}: top 10`,
      sql: asReader`SELECT t1.${first} AS res_0, ${sums} ${source}${where} GROUP BY res_0 ORDER BY ${greatest} DESC LIMIT 10`,
    },
    {
      what: `${name}: selector`,
      sql: asReader`SELECT DISTINCT t1.${first} AS res_0 ${source} ORDER BY res_0 LIMIT 1001`,
    },
  ];
  if (date !== undefined) {
    queries.push({
      what: `${name}: trend`,
      sql: asReader`SELECT toStartOfDay(t1.${date}) AS res_0, ${sums} ${source}${where} GROUP BY res_0 ORDER BY res_0 LIMIT 1000001`,
    });
  }
  return queries;
}
