import { describe, expect, it } from "vitest";
import { FaultControl, type FaultRule } from "../../../sandbox/faults";

/** Kinds that strike a row of requests to the same path. */
function strikes(rules: FaultRule[], path: string, requests: number): string[] {
  const control = new FaultControl();
  control.set(...rules);
  return Array.from({ length: requests }, () => {
    const active = control.strike(path, "qtickets");
    return (["drop", "empty"] as const).filter((kind) => active.find(kind)).join("+");
  });
}

describe("fault rules", () => {
  it("strike every request unless told otherwise", () => {
    expect(strikes([{ kind: "drop" }], "/orders", 3)).toEqual(["drop", "drop", "drop"]);
  });

  it("begin after the skipped requests and wear out after their times", () => {
    expect(strikes([{ kind: "drop", skip: 1, times: 2 }], "/orders", 5)).toEqual([
      "",
      "drop",
      "drop",
      "",
      "",
    ]);
  });

  it("count for themselves and strike together", () => {
    const rules: FaultRule[] = [
      { kind: "drop", times: 1 },
      { kind: "empty", times: 2 },
    ];
    expect(strikes(rules, "/orders", 3)).toEqual(["drop+empty", "empty", ""]);
  });

  it.each([
    ["*", "/orders", true],
    ["/orders", "/orders", true],
    ["/orders", "/orders/1", false],
    ["/orders/*", "/orders/1", true],
    ["/orders/*", "/orders", false],
    ["/shows/*/seats", "/shows/60001/seats", true],
    ["/shows/60002/seats", "/shows/60001/seats", false],
    ["/shows/*/seats", "/shows/60001/barcodes", false],
  ])("for route %s on %s: %s", (route, path, expected) => {
    expect(strikes([{ kind: "drop", route }], path, 1)).toEqual([expected ? "drop" : ""]);
  });

  it("do not count requests to other routes", () => {
    const control = new FaultControl();
    control.set({ kind: "drop", route: "/orders", skip: 1, times: 1 });
    expect(control.strike("/events", "qtickets").find("drop")).toBeUndefined();
    expect(control.strike("/orders", "qtickets").find("drop")).toBeUndefined();
    expect(control.strike("/orders", "qtickets").find("drop")).toBeDefined();
  });

  it("strike the account they name, and count its requests only", () => {
    const control = new FaultControl();
    control.set({ kind: "drop", account: "2", skip: 1 });
    const struck = [undefined, "1", "2", "1", "2"].map(
      (account) => control.strike("/orders", "vk-ads", account).find("drop") !== undefined,
    );
    expect(struck).toEqual([false, false, false, false, true]);
  });

  it("can be added, listed with every setting filled in, replaced and cleared", () => {
    const control = new FaultControl();
    control.add({ kind: "status", status: 429, retryAfterSeconds: 2 });
    control.add({ kind: "delay", ms: 5, route: "/orders" });
    expect(control.list()).toEqual([
      {
        kind: "status",
        status: 429,
        body: "json",
        retryAfterSeconds: 2,
        retryAfterForm: "seconds",
        route: "*",
        skip: 0,
      },
      { kind: "delay", ms: 5, route: "/orders", skip: 0 },
    ]);
    control.set({ kind: "drop" });
    expect(control.list().map(({ kind }) => kind)).toEqual(["drop"]);
    control.clear();
    expect(control.list()).toEqual([]);
  });

  it("are refused when malformed, and the old ones stay", () => {
    const control = new FaultControl();
    control.set({ kind: "drop" });
    for (const rule of [
      { kind: "explode" },
      { kind: "delay" },
      { kind: "drop", time: 1 },
      { kind: "status", status: 200 },
      { kind: "apiError" },
      { kind: "rateLimit", limit: "Weekly" },
    ]) {
      expect(() => control.set(rule as FaultRule)).toThrow();
    }
    expect(control.list().map(({ kind }) => kind)).toEqual(["drop"]);
  });
});
