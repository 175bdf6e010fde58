import { expectTypeOf, test } from "vitest";
import type { Database } from "../../../loaders/core/database";
import { optionalDataSet } from "../../../loaders/qtickets/optional-data-set";
import type { EVENT_NULLS, EventRow } from "../../../loaders/qtickets/event-rows";
import type { ORDER_NULLS, OrderRow } from "../../../loaders/qtickets/order-rows";
import type { INVENTORY_NULLS, InventoryRow } from "../../../loaders/qtickets/seat-counts";

/*
 * NULL for a text that is not Nullable would silently be an empty text (test/integration/loaders/sources.test.ts),
 * so that the types keep it out. What is expected here is checked by the compiler (`make lint`), not by running it.
 */

/** Columns of a row that may be NULL. */
type Nulls<Row> = { [Column in keyof Row]: null extends Row[Column] ? Column : never }[keyof Row];

test("rows may be NULL in the declared columns and in no other", () => {
  expectTypeOf<Nulls<OrderRow>>().toEqualTypeOf<(typeof ORDER_NULLS)[number]>();
  expectTypeOf<Nulls<EventRow>>().toEqualTypeOf<(typeof EVENT_NULLS)[number]>();
  expectTypeOf<Nulls<InventoryRow>>().toEqualTypeOf<(typeof INVENTORY_NULLS)[number]>();
});

test("the rows of an optional data set have all its columns, NULL in the declared ones only", () => {
  type Definition = Parameters<typeof optionalDataSet<{ id: string }, "id" | "name" | "until", "until">>[0];
  type Returned = ReturnType<Definition["toRow"]>;
  expectTypeOf<Nulls<Returned>>().toEqualTypeOf<"until">();
  expectTypeOf<keyof Returned>().toEqualTypeOf<"id" | "name" | "until">();
});

test("small inserts take no NULL at all", () => {
  const insert = ((): Promise<void> => Promise.resolve()) as Database["insert"];
  void insert("t", ["id"], [{ id: "1" }], "token");
  // @ts-expect-error -- NULL
  void insert("t", ["id"], [{ id: null }], "token");
  // @ts-expect-error -- a column without a value
  void insert("t", ["id", "name"], [{ id: "1" }], "token");
});
