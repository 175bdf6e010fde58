import fc from "fast-check";
import { expect, test } from "vitest";
import { isOlder } from "../../../clickhouse/version";

test.each([
  ["24.8.4.13", "25.8.2.1", true],
  ["25.8.2.1", "24.8.4.13", false],
  ["25.8.2.1", "25.8.10.1", true],
  ["25.8.10.1", "25.8.2.1", false],
  ["25.8.2.1", "25.8.2.9", false],
  ["26.3.1.1", "25.12.9.9", false],
])("%s is older than %s: %s", (version, than, older) => {
  expect(isOlder(version, than)).toBe(older);
});

test("of two versions one is older, or they are builds of one", () => {
  const version = fc.tuple(fc.nat(40), fc.nat(12), fc.nat(30), fc.nat(99));
  fc.assert(
    fc.property(version, version, (one, other) => {
      const [a, b] = [one.join("."), other.join(".")];
      const same = one.slice(0, 3).join() === other.slice(0, 3).join();
      expect([isOlder(a, b), isOlder(b, a)].filter(Boolean)).toHaveLength(same ? 0 : 1);
    }),
  );
});
