import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePlan } from "../../../loaders/sales-plan/csv";

const plan = (text: string) => parsePlan(Buffer.from(text));
const HEAD = "sales_date,event_id,city,plan_tickets,plan_revenue\n";
const line = (change: object = {}) => ({
  line: 2,
  sales_date: "2030-01-31",
  event_id: "5001",
  city: "",
  plan_tickets: 120,
  plan_revenue: "1500.00",
  ...change,
});

test("the example that the documentation points at is right", () => {
  const { lines, bad } = parsePlan(readFileSync(join(__dirname, "../../../loaders/sales-plan/example.csv")));
  expect(bad).toEqual([]);
  expect(lines).toEqual([
    line({ city: "казань", plan_revenue: "180000.00" }),
    line({ line: 3, sales_date: "2030-02-01", city: "казань", plan_tickets: 90, plan_revenue: "135000.50" }),
    line({
      line: 4,
      sales_date: "2030-02-01",
      event_id: "",
      city: "москва",
      plan_tickets: 300,
      plan_revenue: "450000.00",
    }),
  ]);
});

describe("forms of a file", () => {
  test.each([
    ["comma", `${HEAD}2030-01-31,5001,,120,1500\n`],
    ["semicolon, decimal comma", `${HEAD.replaceAll(",", ";")}31.01.2030;5001;;120;1500,00\n`],
    ["byte order mark and CRLF", `\uFEFF${HEAD}2030-01-31,5001,,120,1500.0\n`.replaceAll("\n", "\r\n")],
    ["comma with a quoted decimal comma", `${HEAD}2030-01-31,5001,,120,"1500,00"\n`],
    [
      "other order, capitals, blanks",
      "Plan_Revenue , CITY,EVENT_ID,plan_tickets,sales_date\n1 500 , , 5001,120, 2030-01-31",
    ],
    ["blank lines at the end", `${HEAD}2030-01-31,5001,,120,1500\n\n,,,,\n`],
    ["blanks that do not break", `${HEAD}2030-01-31,5001,,120,1\u00a0500\n`],
  ])("%s", (_name, text) => {
    expect(plan(text)).toEqual({ lines: [line()], bad: [] });
  });

  test("a column that is left out is empty or zero", () => {
    expect(plan("sales_date,plan_tickets\n2030-01-31,120\n").lines).toEqual([
      line({ event_id: "", plan_revenue: "0.00" }),
    ]);
  });
});

describe("a line that is wrong is told with line, column, what was found, what is accepted", () => {
  const DAY = "a day such as 2030-01-31 or 31.01.2030";
  const TICKETS = "a whole number such as 120";
  const ROUBLES = "roubles such as 1500 or 1500.50";
  test.each([
    ["2030-02-30,5001,,120,1500", "sales_date", "2030-02-30", DAY],
    ["01/31/2030,5001,,120,1500", "sales_date", "01/31/2030", DAY],
    ["1999-12-31,5001,,120,1500", "sales_date", "1999-12-31", DAY],
    [",5001,,120,1500", "sales_date", "", DAY],
    [
      "2030-01-31,Concert,,120,1500",
      "event_id",
      "Concert",
      "the event's id (digits), or nothing for all events",
    ],
    ["2030-01-31,5001,,ten,1500", "plan_tickets", "ten", TICKETS],
    ["2030-01-31,5001,,,1500", "plan_tickets", "", TICKETS],
    ["2030-01-31,5001,,-1,1500", "plan_tickets", "-1", TICKETS],
    ["2030-01-31,5001,,1.5,1500", "plan_tickets", "1.5", TICKETS],
    ["2030-01-31,5001,,4294967296,1500", "plan_tickets", "4294967296", TICKETS],
    ["2030-01-31,5001,,120,1500.555", "plan_revenue", "1500.555", ROUBLES],
    ["2030-01-31,5001,,120,-5", "plan_revenue", "-5", ROUBLES],
    ["2030-01-31,5001,,120,1 5", "plan_revenue", "1 5", ROUBLES],
    ["2030-01-31,5001,,120,1e5", "plan_revenue", "1e5", ROUBLES],
    ["2030-01-31,5001,,120", "(line)", "4 cells", "5 cells as in the header"],
    ["2030-01-31,5001,,120,1500,7", "(line)", "6 cells", "5 cells as in the header"],
  ])("%s", (text, column, found, accepted) => {
    expect(plan(`${HEAD}${text}\n`)).toEqual({ lines: [], bad: [{ line: 2, column, found, accepted }] });
  });

  test("every mistake of every line, beside the lines that are right", () => {
    const { lines, bad } = plan(
      `${HEAD}x,y,,z,1\n2030-01-31,5001,,120,1500\n\n2030-01-31,,,120,${"9".repeat(60)}\n`,
    );
    expect(lines.map((one) => one.line)).toEqual([3]);
    expect(bad.map((one) => [one.line, one.column])).toEqual([
      [2, "sales_date"],
      [2, "event_id"],
      [2, "plan_tickets"],
      [5, "plan_revenue"],
    ]);
    expect(bad[3]?.found).toBe(`${"9".repeat(40)}…`);
  });
});

describe("a file that is no plan", () => {
  test.each([
    ["nothing", "", "The plan is empty"],
    ["a header only", HEAD, "nothing below it"],
    [
      "unknown, repeated and missing columns",
      "date,city,city\n",
      '"date" is unknown, city stands there twice, sales_date is missing, plan_tickets and plan_revenue are both missing',
    ],
    ["a quote that is not closed", `${HEAD}"2030-01-31,5001,,1,1\n`, "The plan is not CSV: "],
  ])("%s", (_name, text, message) => {
    expect(() => plan(text)).toThrow(message);
  });

  test("another encoding", () => {
    expect(() => parsePlan(Buffer.from([0xcc, 0xee, 0xf1, 0xea, 0xe2, 0xe0]))).toThrow(
      'save it as "CSV UTF-8"',
    );
  });
});
