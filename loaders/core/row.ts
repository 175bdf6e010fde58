/** What a column is given. */
type Value = string | number | boolean | readonly string[];

/** A row for an insert. */
export type Row = Readonly<Record<string, Value | null>>;

/**
 * A row with all of these columns, `null` in no others than the Nullable ones. ClickHouse refuses NULL for a number or a
 * timestamp that is not Nullable, but silently makes an empty text of it: the type keeps it from there.
 */
export type RowOf<Column extends string, Nullable extends Column = never> = Readonly<
  Record<Exclude<Column, Nullable>, Value> & Record<Nullable, Value | null>
>;
