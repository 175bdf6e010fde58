import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Machine, WITHIN } from "../../support/machine";

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
  mkdirSync(join(checkout, "test/integration"));
  mkdirSync(join(checkout, "test/e2e"));
  writeFileSync(join(checkout, "test/e2e/stack.test.ts"), 'import { sampleOf } from "../support/soak";\n');
});
afterEach(() => machine.remove());

const BESIDE = "vitest run test/e2e/stack.test.ts test/soak";
/** What it does with the files of a round, and with those that run beside. */
const vitest = (round: string, beside = "true") =>
  machine.command(
    "vitest",
    `if [[ $* == *" test/soak" ]]; then ${beside}; exit; fi\necho "seed $SOAK_SEED" >>"$HOME/seeds"\n${round}`,
  );
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
  const calls = machine.calls().filter((call) => call.startsWith("vitest "));
  expect(calls.filter((call) => call !== BESIDE)).toEqual(
    Array(3).fill("vitest run --bail=1 test/unit/counted.test.ts test/unit/random.test.ts"),
  );
  expect(calls.filter((call) => call === BESIDE)).toHaveLength(1);
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
  vitest("true");
  machine.command("timeout", "exit 124");
  const { code, stdout } = await machine.run(checkout, "toolchain/soak");
  expect(code).toBe(0);
  expect(printed(stdout)).toHaveLength(1);
  expect(stdout).toContain("soak: 1 rounds in 30 minutes, no failure\n");
});

test("fails with what runs beside the rounds, and shows what that said", async () => {
  vitest("true", "echo the engine is gone; exit 1");
  machine.command("timeout", "exit 124");
  const { code, stdout, stderr } = await machine.run(checkout, "toolchain/soak");
  expect(code).toBe(1);
  expect(stdout).toContain("the engine is gone\n");
  expect(stderr).toBe(
    `zakaz: what ran beside the rounds failed; the same again: SOAK_SEED=1 npx ${BESIDE}\n`,
  );
});

test("ends all that it runs, and removes what that wrote, when it is told to end", async () => {
  const gate = machine.gate();
  const work = `echo "$$ \${TMPDIR:-}" >>"$HOME/at-work"; ${gate.wait}`;
  vitest(work, work);
  const { process: soak, ended } = machine.start(checkout, "exec toolchain/soak");
  const notes = join(machine.home, "at-work");
  const atWork = () => (existsSync(notes) ? readFileSync(notes, "utf8").trimEnd().split("\n") : []);
  await expect.poll(atWork, WITHIN).toHaveLength(2);
  soak.kill("SIGTERM");
  expect((await ended).code).toBe(130);
  for (const line of atWork()) {
    const [pid, folder] = line.split(" ");
    await expect.poll(() => existsSync(`/proc/${pid}`), WITHIN).toBe(false);
    if (folder !== "") expect(existsSync(folder!)).toBe(false);
  }
});

test.each(["0", "-1", "1.5", "long"])("%s minutes are no budget", async (minutes) => {
  machine.env.SOAK_MINUTES = minutes;
  const { code, stderr } = await machine.run(checkout, "toolchain/soak");
  expect(code).toBe(1);
  expect(stderr).toBe(`zakaz: SOAK_MINUTES is "${minutes}"; it is a whole number of minutes\n`);
});
