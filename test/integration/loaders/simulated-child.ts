import { readFileSync } from "node:fs";
import { simulateRun, type SimulatedRun } from "./simulated-run";

/** What the parent writes to standard input. */
export interface ChildInput {
  now: number;
  run: SimulatedRun;
}

/** One simulated run as a process of its own, so that it can be killed at any instant. */
const { now, run } = JSON.parse(readFileSync(0, "utf8")) as ChildInput;
void simulateRun(run, { now: () => now, sleep: () => Promise.resolve(), random: () => 0.5 }).then(
  (status) => process.stdout.write(status),
  (error: unknown) => {
    process.stderr.write(error instanceof Error ? `${error.stack}` : String(error));
    process.exitCode = 70;
  },
);
