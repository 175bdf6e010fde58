import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { TableWriter } from "../../../loaders/core/writer";
import { ExpectedError } from "../../../loaders/core/errors";
import { ApiError } from "../../../loaders/core/api-error";
import { payloadJson } from "../../../loaders/core/payload";
import { barcodeHash, barcodes } from "../../../loaders/qtickets/barcodes";
import { dateTimeSeconds } from "../../../loaders/core/values";
import { discounts } from "../../../loaders/qtickets/discounts";
import { priceShades } from "../../../loaders/qtickets/price-shades";
import { promoCodes } from "../../../loaders/qtickets/promo-codes";
import type { OptionalDataSet } from "../../../loaders/qtickets/optional-data-set";
import type { DataSetInput } from "../../../loaders/qtickets/run";
import type { RunContext } from "../../../loaders/pipeline/context";
import { DataSets, type DataSetReport } from "../../../loaders/pipeline/data-sets";
import { increment } from "../../../loaders/pipeline/found";
import { plainProgress } from "../../../loaders/pipeline/progress";
import { eventRow } from "../../../loaders/qtickets/event-rows";
import { NOW, parseEvent, rawEvent } from "./samples";

// eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its writer below
const { add } = TableWriter.prototype;
afterEach(() => vi.restoreAllMocks());

const KEY = "k".repeat(32);

/** As much of a run as an optional data set looks at; `written` collects the rows of its inserts. */
function fakeRun(answers: Record<string, unknown>, settings: Record<string, unknown> = {}) {
  const written: Record<string, unknown>[] = [];
  const quarantined: unknown[][] = [];
  const asked: { path: string; body: unknown }[] = [];
  const nothing = () => undefined;
  // Rows are lines of text when they reach the database.
  vi.spyOn(TableWriter.prototype, "add").mockImplementation(function (this: TableWriter, group) {
    written.push(...group);
    return add.call(this, group);
  });
  const answer = (path: string, body: unknown): Promise<unknown> => {
    asked.push({ path, body });
    const found = answers[path];
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
  };
  const client = {
    offline: false,
    answer,
    pages: async function* (path: string, body: unknown, read: (rows: unknown[]) => unknown) {
      const rows = (await answer(path, body)) as unknown[];
      yield { content: read(rows), size: rows.length, total: rows.length };
    },
    within: () => client,
  };
  const run = {
    settings: { QTICKETS_QUARANTINE_MAX_SHARE: 0.05, QTICKETS_PAGE_SIZE: 100, ...settings },
    startedAt: NOW,
    deadline: NOW + 60_000,
    clock: { now: () => NOW },
    log: { error: nothing, warning: nothing, info: nothing, debug: nothing },
    database: {
      name: "zakaz",
      insertBlock: () => Promise.resolve(),
    },
    quarantine: { reasons: {}, add: (...line: unknown[]) => void quarantined.push(line) },
  };
  const event = parseEvent(rawEvent({ shows: [show(6001), show(6002)] }));
  const { row } = eventRow(event, new Map());
  const { total } = new DataSets(run as unknown as RunContext, plainProgress(process.stderr));
  const report: DataSetReport = {
    read: nothing,
    note: (what) => increment(total.notes, what),
    skip: (skipped) => void total.skipped.push(skipped),
    incomplete: (reason) => void total.incomplete.push({ dataSet: "", reason }),
  };
  const input = { run, client, report } as unknown as DataSetInput;
  const load = (dataSet: OptionalDataSet) => dataSet.load(input, [{ event, row }]);
  const skip = (dataSet: OptionalDataSet) => dataSet.skip(input.run.settings, input.client);
  return { skip, load, written, quarantined, asked, total };
}

const show = (id: number) => ({
  id,
  is_active: 1,
  start_date: "2030-03-01T19:00:00+03:00",
  finish_date: "2030-03-01T21:00:00+03:00",
});

const timestamps = { created_at: "2029-12-01T10:00:00+03:00", updated_at: "2029-12-01T10:00:00+03:00" };
const discount = {
  id: 45,
  is_active: 1,
  name: " Early  bird ",
  active_from: null,
  active_to: "9999-12-31T23:59:59+03:00",
  type: "P",
  events: [{ id: 5001, name: "Concert" }, { name: "without id" }],
  shows: [],
  deleted_at: null,
  ...timestamps,
};
const promo = {
  id: "13000",
  is_active: "0",
  type: 1,
  discount_id: 45,
  code: 300000,
  max_uses_count: "5",
  active_from: "2030-01-01T00:00:00",
  deleted_at: "2030-01-02T00:00:00+03:00",
  ...timestamps,
};

describe("rows", () => {
  test("a price shade", async () => {
    const { load, written } = fakeRun({
      "/color-themes": { data: [{ id: 15, color: "#009F4B", name: "x" }] },
    });
    const { counters } = await load(priceShades);
    expect(written).toEqual([{ shade_id: "15", color: "#009f4b", _ver: NOW }]);
    expect(counters).toEqual({ price_shades_rows: 1 });
  });

  test("a discount: no value, an end beyond the column's range is its last moment", async () => {
    const { load, written } = fakeRun({ "/discounts": [discount] });
    await load(discounts);
    expect(written).toEqual([
      {
        discount_id: "45",
        name: "Early bird",
        discount_type: "P",
        is_active: 1,
        active_from: null,
        active_to: 0xffffffff,
        deleted_ts: null,
        payload_json:
          '{"created_at":"2029-12-01T07:00:00.000Z","updated_at":"2029-12-01T07:00:00.000Z","event_ids":["5001"],"show_ids":[]}',
        _ver: NOW,
      },
    ]);
  });

  test("a promo code: text also when it looks like a number; a time without an offset is Moscow's and counted", async () => {
    const { load, written, total } = fakeRun({ "/promo-codes": [promo] });
    await load(promoCodes);
    expect(written[0]).toMatchObject({
      promo_code_id: "13000",
      code: "300000",
      discount_id: "45",
      discount_type: "1",
      max_uses: 5,
      is_active: 0,
      valid_from: Date.parse("2030-01-01T00:00:00+03:00") / 1000,
      valid_to: null,
      deleted_ts: Date.parse("2030-01-02T00:00:00+03:00") / 1000,
    });
    expect(total.notes).toEqual({ "times without an offset": 1 });
  });

  test("barcodes: keyed hashes, nothing about the holder is asked for, one request per open show", async () => {
    const rows = [{ barcode: "870000000001", price: 500, admission: false, client_name: "pii" }];
    const { load, written, asked } = fakeRun(
      { "/shows/6001/barcodes": rows, "/shows/6002/barcodes": [] },
      { QTICKETS_BARCODE_KEY: KEY },
    );
    await load(barcodes);
    expect(written).toEqual([
      {
        barcode_hash: createHmac("sha256", KEY).update("870000000001").digest("hex"),
        event_id: "5001",
        show_id: "6001",
        payload_json: '{"price":"500.00","admission":false}',
        _ver: NOW,
      },
    ]);
    expect(asked.map(({ path }) => path)).toEqual(["/shows/6001/barcodes", "/shows/6002/barcodes"]);
    expect(asked[0]?.body).toEqual({ select: ["barcode", "price", "admission"] });
    expect(barcodeHash(KEY, "1")).not.toBe(barcodeHash(`${KEY}x`, "1"));
  });

  test("the same row twice counts once", async () => {
    const { load } = fakeRun({ "/promo-codes": [promo, promo] });
    expect((await load(promoCodes)).counters).toEqual({ promo_code_rows: 1 });
  });
});

describe("left out", () => {
  const all: [string, OptionalDataSet][] = [
    ["QTICKETS_SKIP_PRICE_SHADES", priceShades],
    ["QTICKETS_SKIP_DISCOUNTS", discounts],
    ["QTICKETS_SKIP_PROMO_CODES", promoCodes],
    ["QTICKETS_SKIP_BARCODES", barcodes],
  ];
  test.each(all)("%s", (flag, dataSet) => {
    expect(fakeRun({}, { [flag]: true }).skip(dataSet)).toBe("disabled_via_flag");
    const on = fakeRun({}, { [flag]: false, QTICKETS_BARCODE_KEY: KEY });
    expect(on.skip(dataSet)).toBeUndefined();
  });

  test("barcodes without a key", () => {
    expect(fakeRun({}, { QTICKETS_SKIP_BARCODES: false }).skip(barcodes)).toBe(
      "no_key: set QTICKETS_BARCODE_KEY",
    );
  });

  test.each([403, 404])("an answer %s is a reason, no failure", async (status) => {
    const { load, written, total } = fakeRun({ "/discounts": new ApiError("no", status, null, false) });
    await load(discounts);
    expect(total.skipped).toEqual([{ resource: "discounts", reason: `http_${status}` }]);
    expect(written).toEqual([]);
  });

  test("a show that is gone costs its own barcodes only", async () => {
    const gone = new ApiError("no", 404, null, false);
    const { load, written, total } = fakeRun(
      { "/shows/6001/barcodes": gone, "/shows/6002/barcodes": [{ barcode: "1" }] },
      { QTICKETS_BARCODE_KEY: KEY },
    );
    await load(barcodes);
    expect(total.skipped).toEqual([{ resource: "barcodes", reason: "http_404", details: "show 6001" }]);
    expect(written.map(({ show_id: id }) => id)).toEqual(["6002"]);
  });
});

describe("failures are expected ones, so that they cost their data set only", () => {
  test.each([
    [priceShades, { "/color-themes": [] }, "/color-themes answered without a list of rows."],
    [priceShades, { "/color-themes": { status: "error" } }, "/color-themes answered without a list of rows."],
    [
      barcodes,
      { "/shows/6001/barcodes": { data: [] } },
      "/shows/6001/barcodes answered without a list of rows.",
    ],
    [discounts, { "/discounts": new ApiError("HTTP 503", 503, null, true) }, "HTTP 503"],
  ] as const)("%#", async (source, answers, message) => {
    const { load } = fakeRun(answers, { QTICKETS_BARCODE_KEY: KEY });
    const error = await load(source).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ExpectedError);
    expect((error as Error).message).toBe(message);
  });

  test("rows that cannot be read are put aside by field; above the ratio the data set fails", async () => {
    const bad = [
      { ...promo, id: 1, code: "" },
      { ...promo, id: 2, is_active: "perhaps" },
    ];
    const { load, quarantined, written } = fakeRun({ "/promo-codes": [promo, ...bad] });
    await load(promoCodes);
    expect(quarantined).toEqual([
      ["promo_codes", 1, "code: missing"],
      ["promo_codes", 2, "is_active: unreadable flag"],
    ]);
    expect(written).toHaveLength(1);
    const worse = fakeRun({ "/promo-codes": [promo, ...bad, "text"] });
    await expect(worse.load(promoCodes)).rejects.toThrow("3 of 4 rows of promo_codes could not be read");
    expect(worse.quarantined.at(-1)).toEqual(["promo_codes", undefined, "unexpected shape"]);
  });

  test("a barcode that cannot be read leaves no trace of itself", async () => {
    const { load, quarantined } = fakeRun(
      { "/shows/6001/barcodes": [{ barcode: "no code!" }, { price: 1 }, 7], "/shows/6002/barcodes": [] },
      { QTICKETS_BARCODE_KEY: KEY, QTICKETS_QUARANTINE_MAX_SHARE: 1 },
    );
    await load(barcodes);
    expect(quarantined).toEqual([
      ["barcodes", undefined, "barcode: unreadable barcode"],
      ["barcodes", undefined, "barcode: missing"],
      ["barcodes", undefined, "unexpected shape"],
    ]);
  });
});

test("a payload above 4 KB is empty, null is left out", () => {
  expect(payloadJson({ a: null, b: undefined, c: 0, d: false })).toBe('{"c":0,"d":false}');
  expect(payloadJson({ ids: "я".repeat(2043) })).toHaveLength(2053);
  expect(payloadJson({ ids: "я".repeat(2044) })).toBe("");
});

test("seconds of a column", () => {
  expect([null, 1999, 8e15].map(dateTimeSeconds)).toEqual([null, 1, 0xffffffff]);
});
