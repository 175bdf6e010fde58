import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../schedule/state";
import { book, EMPTY_BOOK } from "./incidents";
import { row } from "./journal";
import { EMPTY_OUTBOX, outbox } from "./outbox";

/** All that the alerts must know after a restart. */
const alertState = z.object({
  book,
  outbox,
  /** Rows that `meta.etl_alerts` does not have yet. */
  rows: z.array(row),
  /** Since when each schedule is watched, by job, with its timetable: another one counts from anew. */
  watched: z.record(z.string(), z.object({ timetable: z.string(), since: z.number() })),
  /** The table was asked for what it knows, at a start without a state. */
  restored: z.boolean(),
});
export type AlertState = z.infer<typeof alertState>;

const NEW_STATE: AlertState = {
  book: EMPTY_BOOK,
  outbox: EMPTY_OUTBOX,
  rows: [],
  watched: {},
  restored: false,
};

/** Keeps the state in one file of a folder. */
export class StateFile {
  private readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, "state.json");
  }

  /** What was kept; a new state where nothing was, or nothing that can be read. */
  read(): AlertState {
    try {
      return alertState.parse(JSON.parse(readFileSync(this.path, "utf8")));
    } catch {
      return NEW_STATE;
    }
  }

  /** Whole at any moment; throws what the file system says. */
  write(state: AlertState): void {
    writeWhole(this.path, `${JSON.stringify(state)}\n`);
  }
}
