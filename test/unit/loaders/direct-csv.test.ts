import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withoutRepeats } from "../../../loaders/core/csv";
import { UsageError } from "../../../loaders/core/errors";
import { parseDirect } from "../../../loaders/direct/csv";

const NOW = Date.UTC(2030, 1, 1, 12);
const parse = (text: string) => parseDirect(Buffer.from(text), NOW);

/** A line of all columns, in the order of the header. */
const CELLS = {
  stat_date: "2030-01-31",
  account_id: "my-shop",
  campaign_id: "70001",
  ad_id: "90001",
  ad_group_id: "80001",
  campaign_name: "Concert",
  utm_source: "yandex",
  utm_medium: "cpc",
  utm_campaign: "concert",
  utm_content: "banner",
  utm_term: "tickets",
  city: "Kazan",
  impressions: "1200",
  clicks: "34",
  spend: "1500.50",
  currency: "RUB",
};
type Name = keyof typeof CELLS;
const LINE = {
  ...CELLS,
  line: 2,
  city: "kazan",
  impressions: 1200,
  clicks: 34,
};

/** A file of one line, every cell in quotes. */
const file = (changes: Partial<Record<Name, string>> = {}, separator = ",") => {
  const cells = { ...CELLS, ...changes };
  const line = Object.values(cells).map((text) => `"${text}"`);
  return `${Object.keys(cells).join(separator)}\n${line.join(separator)}\n`;
};

test("the example that the documentation points at is right", () => {
  const { lines, bad } = parseDirect(
    readFileSync(join(__dirname, "../../../loaders/direct/example.csv")),
    NOW,
  );
  expect(bad).toEqual([]);
  const first = {
    line: 2,
    stat_date: "2025-01-31",
    account_id: "my-shop",
    campaign_id: "70001",
    ad_id: "90001",
    ad_group_id: "80001",
    campaign_name: "Казань, концерт",
    utm_source: "yandex",
    utm_medium: "cpc",
    utm_campaign: "concert",
    utm_content: "kzn_31_01",
    utm_term: "билеты",
    city: "kzn",
    impressions: 1200,
    clicks: 34,
    spend: "1500.50",
    currency: "RUB",
  };
  expect(lines).toEqual([
    first,
    {
      ...{ ...first, line: 3, ad_id: "90002", utm_content: "banner", utm_term: "", city: "казань" },
      ...{ impressions: 800, clicks: 12, spend: "640.00" },
    },
    {
      ...{ ...first, line: 4, campaign_id: "70002", ad_id: "", ad_group_id: "", campaign_name: "Бренд" },
      ...{ utm_campaign: "brand", utm_content: "", utm_term: "", city: "" },
      ...{ impressions: 300, clicks: 40, spend: "99.90" },
    },
  ]);
});

describe("forms of a file", () => {
  test.each([
    ["comma", file()],
    ["semicolon", file({}, ";")],
    ["semicolon, decimal comma", file({ spend: "1500,5" }, ";")],
    ["semicolon, nothing in quotes", file({ spend: "1 500,50" }, ";").replaceAll('"', "")],
    ["byte order mark and CRLF", `\uFEFF${file()}`.replaceAll("\n", "\r\n")],
    ["capitals in the header", file().replace("stat_date", " Stat_Date ").replace("spend", "SPEND")],
    ["blank lines at the end", `${file()}\n${",".repeat(15)}\n`],
  ])("%s", (_name, text) => {
    expect(parse(text)).toEqual({ lines: [LINE], bad: [] });
  });

  test("columns in another order", () => {
    const text = "spend,ad_id,campaign_id,account_id,stat_date\n7,90001,70001,my-shop,2030-01-31\n";
    expect(parse(text).lines[0]).toMatchObject({ stat_date: "2030-01-31", ad_id: "90001", spend: "7.00" });
  });

  test("a column that is left out is empty, zero or RUB", () => {
    expect(parse("stat_date,account_id,campaign_id,ad_id,spend\n2030-01-31,my-shop,70001,,1\n")).toEqual({
      lines: [
        {
          line: 2,
          ...{ stat_date: "2030-01-31", account_id: "my-shop", campaign_id: "70001", ad_id: "" },
          ...{ ad_group_id: "", campaign_name: "", city: "" },
          ...{ utm_source: "", utm_medium: "", utm_campaign: "", utm_content: "", utm_term: "" },
          ...{ impressions: 0, clicks: 0, spend: "1.00", currency: "RUB" },
        },
      ],
      bad: [],
    });
  });
});

describe("what a cell may be", () => {
  const long = (length: number) => "x".repeat(length);
  test.each<[Name, string, string | number]>([
    ["stat_date", "31.01.2030", "2030-01-31"],
    ["stat_date", "2000-01-01", "2000-01-01"],
    // The run is on 1 February; clocks and zones differ by less than two days.
    ["stat_date", "2030-02-03", "2030-02-03"],
    ["account_id", "My.Shop-2", "my.shop-2"],
    ["account_id", "x", "x"],
    ["campaign_id", "7", "7"],
    ["ad_id", "12345678901234567890", "12345678901234567890"],
    ["ad_id", "", ""],
    ["ad_group_id", "", ""],
    ["campaign_name", "  Казань,\u00a0 концерт\t", "Казань, концерт"],
    ["campaign_name", long(300), long(255)],
    ["utm_source", "Yandex", "yandex"],
    ["utm_medium", " CPC ", "cpc"],
    ["utm_campaign", "Концерт", "концерт"],
    ["utm_content", "", ""],
    ["utm_term", long(300), long(255)],
    ["utm_term", "buyer@example.com", ""],
    ["utm_term", "+7 900 000-00-00", ""],
    ["city", "  Нижний_Новгород ", "нижний новгород"],
    ["city", "", ""],
    ["impressions", "1 200", 1200],
    ["impressions", "9007199254740991", 9007199254740991],
    ["clicks", "0", 0],
    ["spend", "0", "0.00"],
    ["spend", "1 500,5", "1500.50"],
    ["spend", "1\u00a0234\u00a0567.89", "1234567.89"],
    ["spend", "9999999999999.99", "9999999999999.99"],
    ["currency", "kzt", "KZT"],
  ])("%s %j is %j", (name, text, value) => {
    expect(parse(file({ [name]: text }))).toEqual({ lines: [{ ...LINE, [name]: value }], bad: [] });
  });

  const ID = "(digits)";
  const COUNT = "a whole number such as 120";
  const AMOUNT = "an amount such as 1500 or 1500.50";
  const DAY = "a day such as 2025-01-31 or 31.01.2025";
  const LOGIN = "a client login such as my-shop, no e-mail address";
  const CODE = "a code of three letters such as RUB";
  test.each<[Name, string, string]>([
    ["stat_date", "", DAY],
    ["stat_date", "2030-02-30", DAY],
    ["stat_date", "01/31/2030", DAY],
    ["stat_date", "1999-12-31", DAY],
    ["stat_date", "2030-02-04", "a day up to 2030-02-03"],
    ["account_id", "", LOGIN],
    ["account_id", "shop@example.com", LOGIN],
    ["account_id", "my shop", LOGIN],
    ["account_id", "-shop", LOGIN],
    ["campaign_id", "", `the campaign's id ${ID}`],
    ["campaign_id", "Concert", `the campaign's id ${ID}`],
    ["campaign_id", "7.0001E+4", `the campaign's id ${ID}`],
    ["ad_id", "--", `the ad's id ${ID}, or nothing for the whole campaign`],
    ["ad_id", "123456789012345678901", `the ad's id ${ID}, or nothing for the whole campaign`],
    ["ad_group_id", "-1", `the ad group's id ${ID}, or nothing`],
    ["impressions", "", COUNT],
    ["impressions", "-1", COUNT],
    ["impressions", "9007199254740992", COUNT],
    ["clicks", "1.5", COUNT],
    ["clicks", "many", COUNT],
    ["spend", "", AMOUNT],
    ["spend", "-5", AMOUNT],
    ["spend", "1500.555", AMOUNT],
    ["spend", "1e5", AMOUNT],
    ["spend", "1 5", AMOUNT],
    ["spend", "10000000000000", AMOUNT],
    // Nothing says what such a line is in: it is not taken for roubles.
    ["currency", "", CODE],
    ["currency", "RUBLE", CODE],
    ["currency", "руб", CODE],
  ])("%s %j is told with what is accepted", (column, found, accepted) => {
    expect(parse(file({ [column]: found }))).toEqual({
      lines: [],
      bad: [{ line: 2, column, found, accepted }],
    });
  });

  test("a line has as many cells as the header", () => {
    const [head, line] = file().trim().split("\n");
    expect(parse(`${head}\n${line},7\n`).bad).toEqual([
      { line: 2, column: "(line)", found: "17 cells", accepted: "16 cells as in the header" },
    ]);
  });

  test("every mistake of a line is told, beside the lines that are right", () => {
    const [head, line] = file().trim().split("\n");
    const wrong = file({ stat_date: "x", clicks: "y", spend: "9".repeat(60) }).split("\n")[1];
    const { lines, bad } = parse(`${head}\n${wrong}\n\n${line}\n`);
    expect(lines).toEqual([{ ...LINE, line: 4 }]);
    expect(bad.map(({ line: at, column, found }) => [at, column, found])).toEqual([
      [2, "stat_date", "x"],
      [2, "clicks", "y"],
      [2, "spend", `${"9".repeat(40)}…`],
    ]);
  });
});

describe("the city", () => {
  test.each([
    ["given", "Казань", "msk_05_11", "казань"],
    ["of utm_content where none is given", "", "MSK_05_11", "msk"],
    ["of utm_content with underscores", "", "нижний_новгород_05_11", "нижний новгород"],
    ["none, where utm_content is of another form", "", "banner_2", ""],
    ["none, where utm_content has no day of any month", "", "msk_31_02", ""],
  ])("%s", (_name, city, content, expected) => {
    expect(parse(file({ city, utm_content: content })).lines).toEqual([
      { ...LINE, utm_content: content.toLowerCase(), city: expected },
    ]);
  });

  test("of utm_content where there is no column", () => {
    const text =
      "stat_date,account_id,campaign_id,ad_id,spend,utm_content\n2030-01-31,my-shop,7,,1,spb_01_02\n";
    expect(parse(text).lines[0]?.city).toBe("spb");
  });
});

describe("a file that is none of Yandex Direct", () => {
  test.each([
    [
      "nothing",
      "",
      "The Yandex Direct file is empty: it needs a header line with stat_date, account_id, campaign_id, ad_id, " +
        "ad_group_id, campaign_name, utm_source, utm_medium, utm_campaign, utm_content, utm_term, city, impressions, " +
        "clicks, spend, currency.",
    ],
    [
      "a header only",
      `${Object.keys(CELLS).join(",")}\n`,
      "The Yandex Direct file has a header line and nothing below it.",
    ],
    [
      "unknown, repeated and missing columns",
      "Date;clicks;clicks;stat_date;ad_id\n1;2;3;4;5\n",
      'The Yandex Direct file\'s header (line 1) is wrong: "date" is unknown, clicks stands there twice, account_id is ' +
        "missing, campaign_id is missing, spend is missing. Accepted are stat_date, account_id, campaign_id, ad_id, " +
        "ad_group_id, campaign_name, utm_source, utm_medium, utm_campaign, utm_content, utm_term, city, impressions, " +
        "clicks, spend, currency, in any order.",
    ],
  ])("%s", (_name, text, message) => {
    expect(() => parse(text)).toThrow(new UsageError(message));
  });

  test("more than memory holds", () => {
    const head = "stat_date,account_id,campaign_id,ad_id,spend\n";
    // Lines of too few cells take the least time.
    const most = `${head}${"x\n".repeat(50_000)}`;
    expect(parse(most).bad).toHaveLength(50_000);
    const sentence = "The Yandex Direct file has more than 50000 lines or 16 MiB: import it in parts.";
    expect(() => parse(`${most}x\n`)).toThrow(new UsageError(sentence));
    expect(() => parse(`${head}${"x".repeat(2 ** 24)}\n`)).toThrow(new UsageError(sentence));
  });

  test("a quote that is not closed", () => {
    expect(() => parse(`${file()}"2030`)).toThrow(/^The Yandex Direct file is not CSV: .*\.$/);
  });

  test("another encoding", () => {
    expect(() => parseDirect(Buffer.from([0xcc, 0xee, 0xf1, 0xea, 0xe2, 0xe0]), NOW)).toThrow(
      new UsageError('The Yandex Direct file is not UTF-8: save it as "CSV UTF-8".'),
    );
  });
});

test("a key that stands above is a mistake of its line, and told by both", () => {
  const [head, line] = file().trim().split("\n");
  const other = file({ ad_id: "" }).split("\n")[1];
  const key = {
    of: ({ ad_id, campaign_id }: { ad_id: string; campaign_id: string }) => [campaign_id, ad_id],
    inWords: "ad",
  };
  const { lines, bad } = withoutRepeats(parse(`${head}\n${line}\n${other}\n${line}\n${other}\n`), key);
  expect(lines.map((one) => one.line)).toEqual([2, 3]);
  expect(bad).toEqual([
    { line: 4, column: "(line)", found: "70001 90001", accepted: "each ad once (this is line 2 again)" },
    { line: 5, column: "(line)", found: "70001", accepted: "each ad once (this is line 3 again)" },
  ]);
});

test("sums are kept to the kopeck, however numbers are written", () => {
  const kopecks = fc.bigInt({ min: 0n, max: 999_999_999_999_999n });
  const day = fc.record({
    kopecks,
    clicks: fc.nat(),
    impressions: fc.nat(),
    blanks: fc.constantFrom("", " ", "\u00a0", "\u202f"),
    point: fc.constantFrom(".", ","),
  });
  fc.assert(
    fc.property(
      fc.array(day, { minLength: 1, maxLength: 30 }),
      fc.constantFrom(",", ";"),
      (days, separator) => {
        const grouped = (number: bigint | number, blank: string) =>
          String(number).replace(/\B(?=(?:\d{3})+$)/g, blank);
        const rows = days.map((one, index) => {
          const money = `${grouped(one.kopecks / 100n, one.blanks)}${one.point}${String(one.kopecks % 100n).padStart(2, "0")}`;
          const counts = [grouped(one.clicks, one.blanks), grouped(one.impressions, one.blanks)];
          return ["2030-01-31", "my-shop", "7", String(index), ...counts, `"${money}"`].join(separator);
        });
        const head = ["stat_date", "account_id", "campaign_id", "ad_id", "clicks", "impressions", "spend"];
        const { lines, bad } = parse([head.join(separator), ...rows].join("\n"));
        expect(bad).toEqual([]);
        const sum = (values: bigint[]) => values.reduce((total, value) => total + value, 0n);
        expect({
          spend: sum(lines.map(({ spend }) => BigInt(spend.replace(".", "")))),
          clicks: sum(lines.map(({ clicks }) => BigInt(clicks))),
          impressions: sum(lines.map(({ impressions }) => BigInt(impressions))),
        }).toEqual({
          spend: sum(days.map((one) => one.kopecks)),
          clicks: sum(days.map((one) => BigInt(one.clicks))),
          impressions: sum(days.map((one) => BigInt(one.impressions))),
        });
      },
    ),
  );
});
