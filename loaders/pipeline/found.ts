/** Counters by name; a source names its own. */
export type Counters = Record<string, number>;

export function increment(counters: Counters, name: string, more = 1): void {
  if (more > 0) counters[name] = (counters[name] ?? 0) + more;
}

/** Something that was left out without harm, and why. */
export interface Skipped {
  resource: string;
  reason: string;
  details?: string;
}

/** A data set that could not be loaded, or not all of it, while the run goes on. */
export interface Incomplete {
  dataSet: string;
  /** A sentence or its end: what is missing and why. */
  reason: string;
}

/** What a piece of a run has found and done. The run adds all of them up. */
export interface Found {
  /** Rows under the names that the journal uses. */
  counters?: Counters;
  /** Rows written, for `rows_processed` of the journal. */
  written?: number;
  /** Rows of the source that were not wanted, by reason. */
  dropped?: Counters;
  /** Any makes the run `partial`. */
  incomplete?: readonly Incomplete[];
}

/** All that a run has found. */
export interface Total {
  counters: Counters;
  written: number;
  dropped: Counters;
  incomplete: Incomplete[];
  /** Remarks that are no errors, by what was seen: times without an offset, unknown cities. */
  notes: Counters;
  skipped: Skipped[];
}

export function newTotal(): Total {
  return { counters: {}, written: 0, dropped: {}, incomplete: [], notes: {}, skipped: [] };
}

export function addFound(total: Total, found: Found): void {
  for (const group of ["counters", "dropped"] as const) {
    for (const [name, more] of Object.entries(found[group] ?? {})) increment(total[group], name, more);
  }
  total.written += found.written ?? 0;
  total.incomplete.push(...(found.incomplete ?? []));
}
