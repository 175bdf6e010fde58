import fc from "fast-check";
import { expect, test } from "vitest";
import { IdSet } from "../../../loaders/core/id-set";

test("it answers as a set of texts does, for any ids", () => {
  const id = fc.oneof(
    fc.nat(50),
    fc.nat(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.nat(50).map(String),
    fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String),
    fc.constantFrom("", "007", "7", "-0", "without id 3", "999999999999999", "1000000000000000"),
  );
  fc.assert(
    fc.property(fc.array(id, { maxLength: 3000 }), (ids) => {
      const [set, model] = [new IdSet(), new Set<string>()];
      for (const one of ids) {
        expect(set.has(one)).toBe(model.has(String(one)));
        expect(set.add(one)).toBe(!model.has(String(one)));
        model.add(String(one));
      }
      expect(set.size).toBe(model.size);
    }),
  );
});

test("it keeps a hundred thousand neighbours apart", () => {
  const set = new IdSet();
  for (let id = 2_506_000_000; id < 2_506_100_000; id += 1) expect(set.add(id)).toBe(true);
  expect(set.size).toBe(100_000);
  expect([set.has(2_506_099_999), set.has("2506000000"), set.has(2_506_100_000)]).toEqual([
    true,
    true,
    false,
  ]);
});
