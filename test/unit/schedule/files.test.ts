import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { healthCheck, healthFile } from "../../../schedule/health";
import { stateFile } from "../../../schedule/state";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "zakaz-schedule-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("the state of a schedule", () => {
  const state = { timetable: "every 1h", slot: 1_893_456_000_000, tries: 1, open: true };

  test("is what was written last, in a file of its owner, and nothing beside it", () => {
    const store = stateFile(join(folder, "made/on/demand.json"));
    expect(store.read()).toBeUndefined();
    store.write({ ...state, tries: 2 });
    store.write(state);
    expect(stateFile(join(folder, "made/on/demand.json")).read()).toEqual(state);
    expect(readdirSync(join(folder, "made/on"))).toEqual(["demand.json"]);
    expect(statSync(join(folder, "made/on/demand.json")).mode & 0o777).toBe(0o600);
  });

  test.each(["", "{", '{"slot":1}', "null"])("is none when the file holds %j", (text) => {
    writeFileSync(join(folder, "state.json"), text);
    expect(stateFile(join(folder, "state.json")).read()).toBeUndefined();
  });
});

describe("the health of a schedule", () => {
  const check = (path: string) => spawnSync("sh", ["-c", healthCheck(path)[1]!], { encoding: "utf8" });

  test("is well with a fresh line that says so, and shows it", () => {
    const path = join(folder, "health");
    healthFile(path)({ ok: true, text: "next slot 2030-01-15 12:30:00 Moscow time" });
    expect(check(path)).toMatchObject({
      status: 0,
      stdout: "ok: next slot 2030-01-15 12:30:00 Moscow time\n",
    });
  });

  test("is not well after a failed run, with an old line, or without one", () => {
    const path = join(folder, "health");
    expect(check(path).status).not.toBe(0);
    healthFile(path)({ ok: false, text: "ok in words" });
    expect(check(path)).toMatchObject({ status: 1, stdout: "failed: ok in words\n" });
    healthFile(path)({ ok: true, text: "" });
    expect(check(path).status).toBe(0);
    const old = Date.now() / 1000 - 180;
    utimesSync(path, old, old);
    expect(check(path).status).toBe(1);
    execFileSync("touch", [path]);
    expect(check(path).status).toBe(0);
  });
});
