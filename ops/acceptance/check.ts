import type { Secrets } from "./secrets";
import type { Text } from "./text";

/** Where a run of the acceptance lies. */
export interface Place {
  /** The checkout that is accepted. */
  checkout: string;
  /** Folder of this run, readable by its owner alone; gone in the end. */
  work: string;
  /** The fresh clone in which the stack is built. */
  clone: string;
  /** Suffix of every name of the stack. */
  instance: string;
  httpPort: number;
  nativePort: number;
}

/** What is known while checks run. */
export interface Known {
  place: Place;
  startedAt: Date;
  /** Outputs that steps have kept, trimmed, by name. */
  kept: Partial<Record<string, string>>;
  secrets: Secrets;
}

/** What a command printed, as it is. */
export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Why an output is not what is demanded; undefined: it is. */
export type Judge = (output: Output, known: Known) => Text | undefined;

/** One command as an operator types it, and how its result is judged. */
export interface Step {
  /** For bash: in the clone, with `eval "$(toolchain/env)"`, unless `in` says otherwise. */
  command: (known: Known) => string;
  in?: "checkout";
  /** By default the command has to end with code 0. */
  judge?: Judge;
  /** Name under which its output is kept for later steps and for the report. */
  keep?: string;
  /** True: the report says how much it printed, not what. */
  hidden?: boolean;
  /** True: it may have changed secrets, which are read anew after it. */
  secretsChange?: boolean;
  /** Minutes after which it is stopped. */
  limit?: number;
}

/** One demand of the acceptance. */
export interface Check {
  /** Stands in reports and behind `--keep-going`'s list; letters and `-`. */
  id: string;
  title: Text;
  /** What has to be, in a sentence. */
  demands: Text;
  steps: readonly Step[];
  /** True: it is run however the others ended, because it cleans up. */
  always?: boolean;
}
