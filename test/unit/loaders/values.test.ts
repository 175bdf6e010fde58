import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import {
  canonicalCity,
  cityLookupKey,
  cityNormalForm,
  moneyText,
  moscowDay,
  normalText,
  parseTimestamp,
  parseMoney,
  utmValue,
} from "../../../loaders/core/values";

describe("money", () => {
  test.each([
    [800, "800.00"],
    [0, "0.00"],
    [-0, "0.00"],
    [1234.5599999999999, "1234.56"],
    ["1 234".replace(" ", ""), "1234.00"],
    ["12,5", "12.50"],
    [" 12.345 ", "12.35"],
    ["+7.10", "7.10"],
    [-3.5, "-3.50"],
    ["9999999999999.99", "9999999999999.99"],
  ])("%j is read as %s", (value, text) => {
    expect(moneyText(parseMoney(value))).toBe(text);
  });

  test.each([
    null,
    undefined,
    "",
    "1 000",
    "abc",
    "1.2.3",
    NaN,
    Infinity,
    1e21,
    "1e5",
    {},
    true,
    "99999999999999",
  ])("%j is refused", (value) => {
    expect(() => parseMoney(value)).toThrow("unreadable money");
  });

  test("kopecks survive as JSON number and as text, with point and comma, and sum exactly", () => {
    const kopecks = fc.integer({ min: 0, max: 999_999_999_999 });
    fc.assert(
      fc.property(fc.array(kopecks, { maxLength: 50 }), (amounts) => {
        const texts = amounts.map((one) => `${Math.floor(one / 100)}.${String(one % 100).padStart(2, "0")}`);
        const asNumbers = JSON.parse(`[${texts.join(",")}]`) as number[];
        const sum = (values: unknown[]) => values.reduce<number>((total, one) => total + parseMoney(one), 0);
        const exact = amounts.reduce((total, one) => total + BigInt(one), 0n);
        const expected = `${exact / 100n}.${String(exact % 100n).padStart(2, "0")}`;
        expect(moneyText(sum(texts))).toBe(expected);
        expect(moneyText(sum(asNumbers))).toBe(expected);
        expect(moneyText(sum(texts.map((text) => text.replace(".", ","))))).toBe(expected);
      }),
    );
  });
});

describe("moments", () => {
  const now = Date.UTC(2030, 0, 10);
  const at = Date.UTC(2030, 0, 1, 9, 50, 52);

  test.each([
    ["2030-01-01T12:50:52+03:00", false],
    ["2030-01-01T12:50:52+0300", false],
    ["2030-01-01T12:50:52+03", false],
    ["2030-01-01T09:50:52Z", false],
    ["2030-01-01T16:50:52.000000+07:00", false],
    ["2030-01-01T12:50:52", true],
    ["2030-01-01 12:50:52", true],
  ])("%s is one and the same moment", (text, naive) => {
    expect(parseTimestamp(text, now)).toEqual({ ms: at, naive });
  });

  test.each([
    ["0000-00-00 00:00:00", "unreadable time"],
    ["2030-02-30T00:00:00+03:00", "unreadable time"],
    ["yesterday", "unreadable time"],
    [1893480652, "unreadable time"],
    ["1999-12-31T00:00:00+03:00", "time out of range"],
    ["2030-01-12T00:00:01Z", "time out of range"],
  ])("%j is refused: %s", (value, reason) => {
    expect(() => parseTimestamp(value, now)).toThrow(reason);
  });

  test("the day is Moscow's, by the rules of the zone", () => {
    expect(moscowDay(Date.parse("2030-01-01T23:59:59+03:00"))).toBe("2030-01-01");
    expect(moscowDay(Date.parse("2030-01-02T00:00:00+03:00"))).toBe("2030-01-02");
    expect(moscowDay(Date.parse("2030-01-02T03:59:59+07:00"))).toBe("2030-01-01");
    // Moscow was at +04:00 all year from 2011 to 2014.
    expect(moscowDay(Date.parse("2012-12-31T20:00:00Z"))).toBe("2013-01-01");
    expect(parseTimestamp("2013-01-01T00:00:00", now)).toEqual({
      ms: Date.UTC(2012, 11, 31, 20),
      naive: true,
    });
  });
});

describe("text and cities", () => {
  test("the normal form of a city", () => {
    expect(cityNormalForm(" Нижний  Новгород\u00a0")).toBe("нижний новгород");
    expect(cityNormalForm("Нижний_Новгород")).toBe("нижний новгород");
    expect(cityNormalForm("Орёл".normalize("NFD"))).toBe("орёл");
    expect(cityNormalForm("Ростов-на-Дону")).toBe("ростов-на-дону");
    expect(cityLookupKey("Ростов-на-Дону")).toBe("ростов на дону");
    expect(cityLookupKey("Орёл")).toBe("орел");
  });

  test("an alias wins, an unknown city is itself, an empty one stays empty", () => {
    const aliases = new Map([["мск", "москва"]]);
    expect(canonicalCity(" МСК ", aliases)).toEqual({ city: "москва", known: true });
    expect(canonicalCity("Тверь", aliases)).toEqual({ city: "тверь", known: false });
    expect(canonicalCity(" ", aliases)).toEqual({ city: "", known: true });
  });

  test("an emoji made of parts stays whole, other joiners and invisible characters go", () => {
    for (const emoji of ["👨‍👩‍👧", "👩🏽‍🚀", "🏳️‍🌈", "❤️‍🔥", "👩‍⚕️"]) {
      expect(normalText(`Цирк ${emoji}!`)).toBe(`Цирк ${emoji}!`);
    }
    expect(normalText("а\u200dб 👨\u200d 1\u200d2 x\u200b\u200fy\u0007")).toBe("аб 👨 12 xy");
  });

  const text = fc.string({ unit: "binary", maxLength: 60 });
  test.each([
    ["normalText", normalText],
    ["cityNormalForm", cityNormalForm],
    ["cityLookupKey", cityLookupKey],
    ["utmValue", (value: string) => utmValue(value)],
  ])("%s applied twice changes nothing more", (_name, normalize) => {
    fc.assert(
      fc.property(text, (value) => {
        const once = normalize(value);
        expect(normalize(once)).toBe(once);
        expect(once).toBe(once.normalize("NFC"));
        expect(once).not.toMatch(/^\s|\s$|\s\s|\p{Cc}/u);
      }),
      { numRuns: 500 },
    );
  });
});

describe("UTM values", () => {
  test.each([
    ["  VK ", "VK"],
    [123456789, "123456789"],
    [true, "true"],
    [null, ""],
    [undefined, ""],
    [{ a: 1 }, ""],
    ["a\u0000b\tc", "ab c"],
    ["msk_05_11", "msk_05_11"],
    ["buyer@example.test", ""],
    ["to buyer%40example.test now", ""],
    ["+7 900 000-00-00", ""],
    ["8(900)0000000", ""],
    ["call 79000000000", ""],
    ["15532498765", "15532498765"],
    ["790000000001", "790000000001"],
  ])("%j becomes %j", (value, expected) => {
    expect(utmValue(value)).toBe(expected);
  });

  test("is cut at 255 characters, not inside one", () => {
    expect([...utmValue("😀".repeat(300))]).toHaveLength(255);
    expect(utmValue("x".repeat(100_000))).toHaveLength(255);
  });
});

describe("quick ways and general ways agree", () => {
  const luxon = (text: string) => DateTime.fromISO(text, { zone: "Europe/Moscow" });
  const two = (least: number, most: number) =>
    fc.integer({ min: least, max: most }).map((number) => String(number).padStart(2, "0"));

  test("moments with any offset, also those that do not exist", () => {
    const text = fc
      .tuple(
        fc.integer({ min: 2000, max: 2031 }),
        ...[two(0, 13), two(0, 32), two(0, 25), two(0, 61), two(0, 61)],
        fc.constantFrom("+", "-"),
        ...[two(0, 15), fc.constantFrom("00", "30", "45", "60")],
      )
      .map(([y, mo, d, h, mi, s, sign, oh, om]) => `${y}-${mo}-${d}T${h}:${mi}:${s}${sign}${oh}:${om}`);
    fc.assert(
      fc.property(text, (value) => {
        const expected = luxon(value);
        const read = () => parseTimestamp(value, Number.MAX_SAFE_INTEGER).ms;
        if (!expected.isValid) expect(read).toThrow("unreadable time");
        else if (expected.toMillis() < Date.UTC(2000, 0, 1)) expect(read).toThrow("time out of range");
        else expect(read()).toBe(expected.toMillis());
      }),
      { numRuns: 2000 },
    );
  });

  test("days, also on the days on which Moscow changed its offset", () => {
    const change = fc.constantFrom("2010-03-28", "2010-10-31", "2011-03-27", "2014-10-26");
    const hours = fc.integer({ min: -40 * 60, max: 40 * 60 });
    const near = fc.tuple(change, hours).map(([day, minutes]) => Date.parse(day) + minutes * 60_000);
    const any = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2040, 0, 1) });
    fc.assert(
      fc.property(fc.oneof(near, any), (ms) => {
        expect(moscowDay(ms)).toBe(DateTime.fromMillis(ms, { zone: "Europe/Moscow" }).toFormat("yyyy-MM-dd"));
      }),
      { numRuns: 1000 },
    );
  });

  test("money of any text, against exact decimals", () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^\\d{1,${max}}$`));
    fc.assert(
      fc.property(fc.constantFrom("", "-", "+"), digits(13), digits(8), (sign, whole, fraction) => {
        const exact = BigInt(`${whole}${fraction.padEnd(8, "0")}`);
        const kopecks = (exact + 500_000n) / 1_000_000n;
        const expected = Number(sign === "-" ? -kopecks : kopecks);
        if (kopecks > 999_999_999_999_999n) return;
        expect(parseMoney(`${sign}${whole}.${fraction}`) + 0).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test("UTM values that need no care", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_|.:-]{0,40}$/), (value) => {
        // A blank in front takes the general way.
        expect(utmValue(value)).toBe(utmValue(` ${value}`));
      }),
      { numRuns: 1000 },
    );
  });
});
