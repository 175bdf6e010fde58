import { describe, expect, it } from "vitest";
import { readSettings } from "../../../sandbox/settings";

const HASH = "ab".repeat(32);
const TOKENS = JSON.stringify({ qtickets: HASH });

describe("settings of the container", () => {
  it("need the hash of a token alone", () => {
    expect(readSettings({ SANDBOX_TOKENS: JSON.stringify({ qtickets: HASH.toUpperCase() }) })).toEqual({
      tokens: { qtickets: HASH },
      seed: 1,
      ordersPerDay: 40,
      days: 45,
      events: 12,
      faults: [],
    });
  });

  it("read sizes and faults", () => {
    const settings = readSettings({
      SANDBOX_TOKENS: TOKENS,
      SANDBOX_SEED: "7",
      SANDBOX_ORDERS_PER_DAY: "0",
      SANDBOX_DAYS: "3",
      SANDBOX_EVENTS: "24",
      SANDBOX_FAULTS: '[{"kind":"delay","ms":5,"route":"/orders"}]',
    });
    expect(settings).toEqual({
      tokens: { qtickets: HASH },
      seed: 7,
      ordersPerDay: 0,
      days: 3,
      events: 24,
      faults: [{ kind: "delay", ms: 5, route: "/orders", skip: 0 }],
    });
  });

  it.each([
    [{}, "SANDBOX_TOKENS: is missing"],
    [
      { SANDBOX_TOKENS: HASH },
      "SANDBOX_TOKENS: must be a JSON object with the SHA-256 of a token by vendor (qtickets)",
    ],
    [
      { SANDBOX_TOKENS: JSON.stringify([HASH]) },
      "SANDBOX_TOKENS: must be a JSON object with the SHA-256 of a token by vendor (qtickets)",
    ],
    [{ SANDBOX_TOKENS: "{}" }, "SANDBOX_TOKENS: needs the token of one vendor at least (qtickets)"],
    [
      { SANDBOX_TOKENS: JSON.stringify({ qtikets: HASH }) },
      "SANDBOX_TOKENS: names qtikets, but the sandbox has only qtickets",
    ],
    [
      { SANDBOX_TOKENS: '{"qtickets":"secret"}' },
      "SANDBOX_TOKENS.qtickets: must be the SHA-256 of the token, 64 hex digits",
    ],
    [{ SANDBOX_TOKENS: TOKENS, SANDBOX_FAULTS: "drop" }, "SANDBOX_FAULTS: The fault rules are not JSON"],
  ])("refuse %j in one sentence", (env, message) => {
    expect(() => readSettings(env)).toThrow(new Error(message));
  });

  it("name every malformed variable at once", () => {
    const env = {
      SANDBOX_TOKENS: TOKENS,
      SANDBOX_SEED: "x",
      SANDBOX_EVENTS: "0",
      SANDBOX_ORDERS_PER_DAY: "100000",
    };
    expect(() => readSettings(env)).toThrow(/SANDBOX_SEED: .+; SANDBOX_ORDERS_PER_DAY: .+; SANDBOX_EVENTS: /);
  });
});
