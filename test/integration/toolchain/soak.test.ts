import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Machine } from "../../support/machine";

/** `toolchain/soak` with a vitest that only notes its seed and files, and does what the test says. */
let machine: Machine;
let checkout: string;
beforeEach(() => {
  machine = new Machine();
  checkout = machine.checkout();
  const tests = join(checkout, "test/unit");
  mkdirSync(tests, { recursive: true });
  writeFileSync(join(tests, "random.test.ts"), 'import fc from "fast-check";\n');
  writeFileSync(join(tests, "counted.test.ts"), 'import { COUNTS } from "../support/soak";\n');
  writeFileSync(join(tests, "plain.test.ts"), 'import { expect } from "vitest";\n');
});
afterEach(() => machine.remove());

const vitest = (body: string) => machine.command("vitest", `echo "seed $SOAK_SEED" >>"$HOME/seeds"\n${body}`);
const printed = (stdout: string) =>
  [...stdout.matchAll(/soak: seed (\d+), 2 files/g)].map(([, seed]) => seed);

test("prints its seeds, takes a new one each round, and ends with the first that fails", async () => {
  vitest('(($(wc -l <"$HOME/seeds") < 3))');
  const { code, stdout, stderr } = await machine.run(checkout, "toolchain/soak");
  const seeds = printed(stdout);
  expect(new Set(seeds).size).toBe(3);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `zakaz: a round from seed ${seeds[2]} failed; the same again: SOAK_SEED=${seeds[2]} make soak\n`,
  );
  expect(machine.calls().filter((call) => call.startsWith("vitest "))).toEqual(
    Array(3).fill("vitest run --bail=1 test/unit/counted.test.ts test/unit/random.test.ts"),
  );
});

test("repeats one round from a seed that is given", async () => {
  vitest("true");
  machine.env.SOAK_SEED = "7";
  const { code, stdout } = await machine.run(checkout, "toolchain/soak");
  expect(code).toBe(0);
  expect(printed(stdout)).toEqual(["7"]);
  expect(machine.called("vitest")).toBe(1);
});

test("ends when its time is over: a round that is cut short then has not failed", async () => {
  machine.command("timeout", "exit 124");
  const { code, stdout } = await machine.run(checkout, "toolchain/soak");
  expect(code).toBe(0);
  expect(printed(stdout)).toHaveLength(1);
  expect(stdout).toContain("soak: 1 rounds in 30 minutes, no failure\n");
});

test.each(["0", "-1", "1.5", "long"])("%s minutes are no budget", async (minutes) => {
  machine.env.SOAK_MINUTES = minutes;
  const { code, stderr } = await machine.run(checkout, "toolchain/soak");
  expect(code).toBe(1);
  expect(stderr).toBe(`zakaz: SOAK_MINUTES is "${minutes}"; it is a whole number of minutes\n`);
});
