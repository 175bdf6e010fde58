import { expect, test } from "vitest";
import { ExpectedError, StoppedError } from "../../../loaders/core/errors";
import { DataSets } from "../../../loaders/pipeline/data-sets";
import type { Progress } from "../../../loaders/pipeline/progress";
import { fakeClock } from "./fake-clock";

function setUp() {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const shown: string[] = [];
  const progress: Progress = {
    show: (name, { rows, total }) => void shown.push(`${name} ${rows} of ${total}`),
    end: (name) => void shown.push(`${name} ended`),
    line: () => undefined,
    stop: () => undefined,
  };
  const dataSets = new DataSets(
    { clock: fakeClock(), log: { error: say, warning: say, info: say, debug: say } },
    progress,
  );
  return { dataSets, lines, shown };
}

test("what data sets find is added up, what they read is shown", async () => {
  const { dataSets, shown } = setUp();
  const found = await dataSets.required("items", ({ read, note, skip }) => {
    read(2, 3);
    read(1, 3);
    note("odd");
    note("odd");
    skip({ resource: "items", reason: "http_404" });
    return Promise.resolve({ counters: { items: 3 }, written: 3, extra: "kept" });
  });
  await dataSets.optional("more", () => Promise.resolve({ counters: { items: 1 }, written: 1 }));
  expect(found.extra).toBe("kept");
  expect(dataSets.total).toEqual({
    counters: { items: 4 },
    written: 4,
    dropped: {},
    incomplete: [],
    notes: { odd: 2 },
    skipped: [{ resource: "items", reason: "http_404" }],
  });
  expect(shown).toEqual([
    "items 0 of 0",
    "items 2 of 3",
    "items 3 of 3",
    "items ended",
    "more 0 of 0",
    "more ended",
  ]);
});

test("an optional data set that fails costs itself only; what it has told so far stays", async () => {
  const { dataSets, lines, shown } = setUp();
  const found = await dataSets.optional("items", ({ read, note, skip }) => {
    read(2, 3);
    note("odd");
    skip({ resource: "items", reason: "http_404" });
    return Promise.reject(new ExpectedError("HTTP 503"));
  });
  expect(found).toBeUndefined();
  expect(dataSets.total).toMatchObject({
    counters: {},
    incomplete: [{ dataSet: "items", reason: "HTTP 503" }],
    notes: { odd: 1 },
    skipped: [{ resource: "items", reason: "http_404" }],
  });
  expect(shown.at(-1)).toBe("items ended");
  expect(lines).toEqual(["Read items: 1 pages, 2 rows in 0.0 s", "Left out items: HTTP 503"]);
});

test("a required one, an unexpected failure and a stopped run end the run", async () => {
  const { dataSets } = setUp();
  const fail = (error: Error) => () => Promise.reject(error);
  await expect(dataSets.required("a", fail(new ExpectedError("no")))).rejects.toThrow("no");
  await expect(dataSets.optional("b", fail(new TypeError("bug")))).rejects.toThrow("bug");
  await expect(dataSets.optional("c", fail(new StoppedError("stop")))).rejects.toThrow("stop");
  expect(dataSets.total.incomplete).toEqual([]);
});

test("a long data set says once a minute how far it is; what reports a gap makes the run partial", async () => {
  const lines: string[] = [];
  const nothing = () => undefined;
  const log = {
    error: nothing,
    warning: nothing,
    info: (line: string) => void lines.push(line),
    debug: nothing,
  };
  let now = 0;
  const clock = { ...fakeClock(), now: () => now };
  const dataSets = new DataSets(
    { clock, log },
    { show: nothing, end: nothing, line: nothing, stop: nothing },
  );
  const at = (seconds: number, step: () => void) => {
    now = seconds * 1000;
    step();
  };
  await dataSets.required("orders", ({ read, incomplete }) => {
    at(59, () => read(100, 20_000));
    at(61, () => read(100, 20_000));
    at(100, () => read(1800, 20_000));
    at(125, () => read(500, 20_000));
    at(190, () => read(17_500, 20_000));
    incomplete("rows came or went");
    return Promise.resolve({});
  });
  await dataSets.required("seats", ({ read }) => {
    at(300, () => read(0, 0));
    at(361, () => read(0, 7));
    return Promise.resolve({});
  });
  expect(lines).toEqual([
    "Reading orders: 200 of 20000 rows, about 1 hr, 41 min left",
    "Reading orders: 2500 of 20000 rows, about 15 min left",
    "Reading orders: 20000 rows",
    "Read orders: 5 pages, 20000 rows in 190.0 s",
    "Reading seats: 0 rows",
    "Reading seats: 0 rows",
    "Read seats: 2 pages, 0 rows in 171.0 s",
  ]);
  expect(dataSets.total.incomplete).toEqual([{ dataSet: "orders", reason: "rows came or went" }]);
});
