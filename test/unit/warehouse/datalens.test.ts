import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DATASETS, dataLensFormula, fieldsOf, sqlFormula } from "../../../warehouse/datalens/datasets";
import { datasetQueries } from "../../../warehouse/datalens/queries";

const page = readFileSync("docs/datalens.md", "utf8");
const rows = page.split("\n").filter((line) => line.startsWith("| `"));

describe("docs/datalens.md", () => {
  it("lists the datasets of the program in their order, and no other", () => {
    const listed = rows.map((row) => /^\| `(\w+)` \| `\w+\.\w+` \|/.exec(row)?.[1]).filter(Boolean);
    expect(listed).toEqual(DATASETS.map(({ name }) => name));
  });

  it.each(DATASETS)("says of $name its view, its fields and its filter", (dataset) => {
    const row = rows.find((one) => one.startsWith(`| \`${dataset.name}\` | \`${dataset.view}\` |`));
    const cells = row!.split(" | ").slice(2);
    const named = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
    expect(cells.slice(0, 4).flatMap(named)).toEqual(fieldsOf(dataset));
    expect(named(cells[2]!)).toEqual(dataset.measures);
    expect(cells[4]).toBe(`${dataset.days === undefined ? "none" : `${dataset.days} days`} |`);
  });

  it("gives each calculated field the formula that is checked", () => {
    const documented = rows.flatMap((row) => {
      const [datasets, field, formula] = row
        .slice(2, -2)
        .split(" | ")
        .map((cell) => cell.replaceAll("`", ""));
      return /SUM/.test(formula ?? "")
        ? datasets!.split(", ").map((name) => `${name} ${field} ${formula}`)
        : [];
    });
    const declared = DATASETS.flatMap(({ name, calculated = {} }) =>
      Object.entries(calculated).map(([field, ratio]) => `${name} ${field} ${dataLensFormula(ratio)}`),
    );
    expect(documented.sort()).toEqual(declared.sort());
  });
});

describe("queries of a dataset", () => {
  it("take ratios over sums, and nothing divided by zero", () => {
    expect(sqlFormula({ of: "revenue", minus: "spend", per: "spend", times: 100 })).toBe(
      "toFloat64((sum(t1.revenue) - sum(t1.spend))) / nullIf(toFloat64(sum(t1.spend)), 0) * 100",
    );
  });

  it("filter trends by the dataset's days, and leave a dataset without time unfiltered", () => {
    const [sales, , , , dashboard] = DATASETS;
    const sql = (of: typeof sales, what: string) =>
      datasetQueries(of!).find((query) => query.what.endsWith(what))?.sql;
    expect(sql(sales, "trend")).toContain("WHERE t1.d BETWEEN today() - 30 AND today() GROUP BY res_0");
    expect(sql(dashboard, "trend")).toBeUndefined();
    expect(sql(dashboard, "totals")).not.toContain("WHERE");
  });
});
