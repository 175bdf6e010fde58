import { expect } from "vitest";
import { READER_VIEWS } from "../../support/sql";
import type { User, Warehouse } from "./warehouse";

/** What DataLens adds to each of its queries. */
const DATALENS = "readonly = 2, send_progress_in_http_headers = 0, output_format_json_quote_denormals = 1";
/** Hours since now change while the test runs. */
const HOURS = new Set(["hours_since_load", "freshness_hours", "hours_since_ok"]);
/** Times of writing differ from one installation to the next. */
const WRITTEN = new Set(["_loaded_at", "loaded_at", "last_ok_at"]);

/** What a view answers: rows sorted, without the columns that follow the clock. */
export interface ViewContent {
  /** Name and type of each declared column. */
  columns: string[];
  rows: string[][];
}

/** Reads every view that a user may read: alike under join_use_nulls 0 and 1, in rows and in types. By name of the view. */
export async function readViews(db: Warehouse): Promise<Record<string, ViewContent>> {
  const contents: Record<string, ViewContent> = {};
  for (const view of READER_VIEWS) contents[view] = await readView(db, view, "datalens_reader");
  contents["meta.v_quality_last_day"] = await readView(db, "meta.v_quality_last_day", "etl_writer");
  return contents;
}

async function readView(db: Warehouse, view: string, user: User): Promise<ViewContent> {
  const declared = (await db.rows(`DESCRIBE TABLE ${view}`)).map((row) => row.slice(0, 2).join(" "));
  const names = declared.map((column) => column.split(" ")[0]!);
  const stable = names.filter((name) => !HOURS.has(name));
  const as = { as: user };
  const seen = [];
  for (const nulls of [0, 1]) {
    const settings = `${user === "datalens_reader" ? `${DATALENS}, ` : ""}join_use_nulls = ${nulls}`;
    const types = await db.rows(`DESCRIBE TABLE (SELECT * FROM ${view}) SETTINGS ${settings}`);
    await db.rows(`SELECT * FROM ${view} SETTINGS ${settings}`, as);
    const rows = await db.rows(
      `SELECT ${stable.join(", ")} FROM ${view} ORDER BY ALL SETTINGS ${settings}`,
      as,
    );
    const made = await db.rows(
      `SELECT ${names.map((name) => `any(toTypeName(${name}))`).join(", ")} FROM ${view} SETTINGS ${settings}`,
      as,
    );
    seen.push({ types: types.map((row) => row.slice(0, 2).join(" ")), rows, made });
  }
  expect(seen[1], view).toEqual(seen[0]);
  expect(seen[0]!.types, view).toEqual(declared);
  const rows = seen[0]!.rows.map((row) => row.filter((_, i) => !WRITTEN.has(stable[i]!)));
  return { columns: declared, rows: rows.sort() };
}
