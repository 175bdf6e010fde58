import { describe, expect, it } from "vitest";
import { deriveStatements } from "../../../loaders/qtickets/derive";
import { statementsOf, wholeSql } from "../../support/sql";

const steps = deriveStatements();

/** Objects on which the loader's role has a right. */
function granted(right: string): string[] {
  return statementsOf(wholeSql()).flatMap((statement) => {
    const match = /^GRANT (.+) ON (\S+) TO role_etl_writer$/.exec(statement);
    return match && match[1]!.split(", ").includes(right) ? [match[2]!] : [];
  });
}

describe("the derivation", () => {
  it("runs its steps in the one order that is right", () => {
    expect(steps.map(({ kind, table }) => `${kind} ${table}`)).toEqual([
      "sales zakaz.fact_qtickets_orders",
      "sales zakaz.fact_qtickets_sales_daily",
      "sales zakaz.fact_qtickets_sales_utm_daily",
      "inventory zakaz.fact_qtickets_inventory",
      "inventory zakaz.fact_qtickets_inventory_latest",
    ]);
    expect(new Set(steps.map((step) => step.name)).size).toBe(steps.length);
  });

  it.each(steps.map((step) => [step.name, step] as const))("%s is one INSERT into its table", (_, step) => {
    expect(statementsOf(step.sql)).toHaveLength(1);
    expect(step.sql.trim()).toMatch(new RegExp(`^INSERT INTO ${step.table}\\s*\\(`));
    expect(granted("INSERT")).toContain(step.table);
  });

  it.each(steps.map((step) => [step.name, step] as const))(
    "%s reads only what the loader may read",
    (_, step) => {
      const read = [...step.sql.matchAll(/\b(?:FROM|JOIN) (\w+\.\w+)/g)].map((m) => m[1]!);
      expect(read.length).toBeGreaterThan(0);
      for (const table of read) expect(granted("SELECT")).toContain(table);
    },
  );

  it.each(steps.map((step) => [step.name, step] as const))(
    "%s takes only the agreed parameters",
    (_, step) => {
      const used = new Set([...step.sql.matchAll(/\{(\w+:[^}]+)\}/g)].map((m) => m[1]!));
      const known = {
        sales: ["first_day:Date", "run_clock:UInt64"],
        inventory: ["snapshot_ts:DateTime('Europe/Moscow')"],
      }[step.kind];
      for (const parameter of used) expect(known).toContain(parameter);
    },
  );

  it("bounds both sides of a sales fact by the same first day", () => {
    for (const step of steps.filter((s) => s.name.startsWith("sales_"))) {
      expect(step.sql.match(/sales_date >= \{first_day:Date\}/g)).toHaveLength(2);
    }
  });
});
