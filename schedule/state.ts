import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

const state = z.object({
  /** The timetable that the slots are of: with another one they count from the time it is first seen. */
  timetable: z.string(),
  /** The newest slot that needs no run any more: it was begun, or lies before the schedule. */
  slot: z.number(),
  /** How often the run of that slot was begun; 0: not by this schedule. */
  tries: z.number(),
  /** The run of that slot has not ended: cut off, or it had to leave the work to another run. */
  open: z.boolean(),
});

/** What a schedule must know after a restart. Times are milliseconds since 1970 UTC. */
export type ScheduleState = z.infer<typeof state>;

/** Where a schedule keeps it. */
export interface StateStore {
  /** Undefined: there is none, or none that can be read. */
  read(): ScheduleState | undefined;
  write(state: ScheduleState): void;
}

/** Keeps the state in one file, which is whole at any moment: lay it into a volume that outlives the container. */
export function stateFile(path: string): StateStore {
  return {
    read: () => {
      try {
        return state.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
      } catch {
        // Never written, or damaged: slots count from now, as after a change of the timetable.
        return undefined;
      }
    },
    write: (value) => {
      mkdirSync(dirname(path), { recursive: true });
      writeWhole(path, `${JSON.stringify(value)}\n`);
    },
  };
}

/** Writes a file that is whole at any moment, for its owner alone. */
export function writeWhole(path: string, text: string): void {
  const part = `${path}.part`;
  const file = openSync(part, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}
