import { describe, expect, it } from "vitest";
import { readSettings } from "../../../sandbox/settings";

const HASH = "ab".repeat(32);

describe("settings of the container", () => {
  it("need the token's hash alone", () => {
    expect(readSettings({ SANDBOX_TOKEN_SHA256: HASH.toUpperCase() })).toEqual({
      tokenSha256: HASH,
      seed: 1,
      ordersPerDay: 40,
      days: 45,
      events: 12,
      faults: [],
    });
  });

  it("read sizes and faults", () => {
    const settings = readSettings({
      SANDBOX_TOKEN_SHA256: HASH,
      SANDBOX_SEED: "7",
      SANDBOX_ORDERS_PER_DAY: "0",
      SANDBOX_DAYS: "3",
      SANDBOX_EVENTS: "24",
      SANDBOX_FAULTS: '[{"kind":"delay","ms":5,"route":"/orders"}]',
    });
    expect(settings).toEqual({
      tokenSha256: HASH,
      seed: 7,
      ordersPerDay: 0,
      days: 3,
      events: 24,
      faults: [{ kind: "delay", ms: 5, route: "/orders", skip: 0 }],
    });
  });

  it.each([
    [{}, "SANDBOX_TOKEN_SHA256: is missing"],
    [
      { SANDBOX_TOKEN_SHA256: "secret" },
      "SANDBOX_TOKEN_SHA256: must be the SHA-256 of the token, 64 hex digits",
    ],
    [{ SANDBOX_TOKEN_SHA256: HASH, SANDBOX_FAULTS: "drop" }, "SANDBOX_FAULTS: The fault rules are not JSON"],
  ])("refuse %j in one sentence", (env, message) => {
    expect(() => readSettings(env)).toThrow(new Error(message));
  });

  it("name every malformed variable at once", () => {
    const env = {
      SANDBOX_TOKEN_SHA256: HASH,
      SANDBOX_SEED: "x",
      SANDBOX_EVENTS: "0",
      SANDBOX_ORDERS_PER_DAY: "100000",
    };
    expect(() => readSettings(env)).toThrow(/SANDBOX_SEED: .+; SANDBOX_ORDERS_PER_DAY: .+; SANDBOX_EVENTS: /);
  });
});
