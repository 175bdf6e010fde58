import { describe, expect, it } from "vitest";
import { readSettings } from "../../../sandbox/settings";

const HASH = "ab".repeat(32);
const CLIENTS = JSON.stringify({ qtickets: [{ sha256: HASH }] });
const NAMES = "(qtickets, vk-ads)";

describe("settings of the container", () => {
  it("need one client alone", () => {
    const clients = JSON.stringify({ qtickets: [{ sha256: HASH.toUpperCase() }] });
    expect(readSettings({ SANDBOX_CLIENTS: clients })).toEqual({
      clients: { qtickets: [{ sha256: HASH }] },
      seed: 1,
      ordersPerDay: 40,
      days: 45,
      events: 12,
      faults: [],
    });
  });

  it("read the clients of several vendors, with their accounts", () => {
    const clients = { qtickets: [{ sha256: HASH }], "vk-ads": [{ sha256: HASH, account: "1001" }] };
    expect(readSettings({ SANDBOX_CLIENTS: JSON.stringify(clients) }).clients).toEqual(clients);
  });

  it("read sizes and faults", () => {
    const settings = readSettings({
      SANDBOX_CLIENTS: CLIENTS,
      SANDBOX_SEED: "7",
      SANDBOX_ORDERS_PER_DAY: "0",
      SANDBOX_DAYS: "3",
      SANDBOX_EVENTS: "24",
      SANDBOX_FAULTS: '[{"kind":"delay","ms":5,"route":"/orders"}]',
    });
    expect(settings).toEqual({
      clients: { qtickets: [{ sha256: HASH }] },
      seed: 7,
      ordersPerDay: 0,
      days: 3,
      events: 24,
      faults: [{ kind: "delay", ms: 5, route: "/orders", skip: 0 }],
    });
  });

  it.each([
    [{}, "SANDBOX_CLIENTS: is missing"],
    [
      { SANDBOX_CLIENTS: HASH },
      `SANDBOX_CLIENTS: must be a JSON object with a list of clients by vendor ${NAMES}`,
    ],
    [
      { SANDBOX_CLIENTS: JSON.stringify([HASH]) },
      `SANDBOX_CLIENTS: must be a JSON object with a list of clients by vendor ${NAMES}`,
    ],
    [{ SANDBOX_CLIENTS: "{}" }, `SANDBOX_CLIENTS: needs the clients of one vendor at least ${NAMES}`],
    [
      { SANDBOX_CLIENTS: JSON.stringify({ qtikets: [{ sha256: HASH }] }) },
      "SANDBOX_CLIENTS: names qtikets, but the sandbox has only qtickets, vk-ads",
    ],
    [{ SANDBOX_CLIENTS: '{"qtickets":[]}' }, "SANDBOX_CLIENTS.qtickets: names no client"],
    [{ SANDBOX_CLIENTS: `{"qtickets":"${HASH}"}` }, "SANDBOX_CLIENTS.qtickets: must be a list"],
    [
      { SANDBOX_CLIENTS: '{"qtickets":[{"sha256":"secret"}]}' },
      "SANDBOX_CLIENTS.qtickets.0.sha256: must be the SHA-256 of the client's credential, 64 hex digits",
    ],
    [
      { SANDBOX_CLIENTS: `{"vk-ads":[{"sha256":"${HASH}","account":1001}]}` },
      "SANDBOX_CLIENTS.vk-ads.0.account: must be a text",
    ],
    [
      { SANDBOX_CLIENTS: `{"vk-ads":[{"sha256":"${HASH}","acount":"1001"}]}` },
      "SANDBOX_CLIENTS.vk-ads.0: has acount",
    ],
    [{ SANDBOX_CLIENTS: CLIENTS, SANDBOX_FAULTS: "drop" }, "SANDBOX_FAULTS: The fault rules are not JSON"],
  ])("refuse %j in one sentence", (env, message) => {
    expect(() => readSettings(env)).toThrow(new Error(message));
  });

  it("name every malformed variable at once", () => {
    const env = {
      SANDBOX_CLIENTS: CLIENTS,
      SANDBOX_SEED: "x",
      SANDBOX_EVENTS: "0",
      SANDBOX_ORDERS_PER_DAY: "100000",
    };
    expect(() => readSettings(env)).toThrow(/SANDBOX_SEED: .+; SANDBOX_ORDERS_PER_DAY: .+; SANDBOX_EVENTS: /);
  });
});
