/** Counters by name; a source names its own. */
export type Counters = Record<string, number>;

/** Adds to a counter. */
export function count(counters: Counters, name: string, more = 1): void {
  if (more > 0) counters[name] = (counters[name] ?? 0) + more;
}

/** Something that was left out without harm, and why. */
export interface Skipped {
  resource: string;
  reason: string;
  details?: string;
}

/** What a piece of a run has found and done. The run adds all of them up. */
export interface Found {
  /** Rows under the names that the journal uses. */
  counters?: Counters;
  /** Rows written, for `rows_processed` of the journal. */
  written?: number;
  /** Rows of the source that were not wanted, by reason. */
  dropped?: Counters;
  /** Remarks that are no errors, by what was seen: times without an offset, unknown cities. */
  notes?: Counters;
  skipped?: readonly Skipped[];
  /** What could not be loaded while the rest was; any makes the run `partial`. Each begins with the data set: `seats: HTTP 503`. */
  incomplete?: readonly string[];
}

/** All that a run has found. */
export interface Total {
  counters: Counters;
  written: number;
  dropped: Counters;
  notes: Counters;
  skipped: Skipped[];
  incomplete: string[];
}

export function newTotal(): Total {
  return { counters: {}, written: 0, dropped: {}, notes: {}, skipped: [], incomplete: [] };
}

export function addFound(total: Total, found: Found): void {
  for (const group of ["counters", "dropped", "notes"] as const) {
    for (const [name, more] of Object.entries(found[group] ?? {})) count(total[group], name, more);
  }
  total.written += found.written ?? 0;
  total.skipped.push(...(found.skipped ?? []));
  total.incomplete.push(...(found.incomplete ?? []));
}
