import { describe, expect, it } from "vitest";
import { UNANSWERED, type Drift } from "../../../warehouse/drift";
import { Failure, Unreachable } from "../../../warehouse/failure";
import { readDrift } from "../../../warehouse/read-drift";

const STATE: Drift = { ...UNANSWERED, answered: true, revision: 2, name: "x" };
const silent = () => Promise.reject(new Unreachable("ClickHouse does not answer"));

describe("readDrift", () => {
  it("answers what was read", async () => {
    expect(await readDrift(() => Promise.resolve(STATE), 0)).toEqual(STATE);
  });

  it("takes a silent server as a state, at once when it may not wait", async () => {
    expect(await readDrift(silent, 0)).toEqual({ ...STATE, answered: false, revision: 0, name: "" });
  });

  it("waits for a server that is starting", async () => {
    let calls = 0;
    expect(await readDrift(() => (++calls < 3 ? silent() : Promise.resolve(STATE)), 60)).toEqual(STATE);
    expect(calls).toBe(3);
  });

  it("gives an expected failure as what stops an apply, and passes on what nobody expects", async () => {
    const failing = () => Promise.reject(new Failure("sql/migrations/0001_a.sql has changed"));
    expect(await readDrift(failing, 60)).toMatchObject({
      answered: true,
      refused: ["sql/migrations/0001_a.sql has changed"],
      differences: [],
    });
    await expect(readDrift(() => Promise.reject(new TypeError("x")), 60)).rejects.toThrow(TypeError);
  });
});
