import { ExpectedError } from "../core/errors";
import type { Quarantine } from "../core/quarantine";

/** So many rows may always be put aside: in a quiet hour one bad row is a large part. */
const ALWAYS_ALLOWED = 2;

export interface ErrorRatio {
  /** The data set, as the quarantine knows it. */
  name: string;
  seen: number;
  bad: number;
  /** Largest part of the rows that may be bad, 0 to 1. */
  allowed: number;
  /** Setting that says so, for the message. */
  setting: string;
  quarantine: Pick<Quarantine, "reasons">;
}

/**
 * Throws when too many rows of a data set could not be read: a renamed field must not look like a quiet day.
 */
export function checkErrorRatio({ name, seen, bad, allowed, setting, quarantine }: ErrorRatio): void {
  if (bad <= ALWAYS_ALLOWED || bad <= allowed * seen) return;
  const reasons = Object.entries(quarantine.reasons)
    .filter(([reason]) => reason.startsWith(`${name}: `))
    .map(([reason, times]) => `${reason} (${times})`)
    .join(", ");
  throw new ExpectedError(
    `${bad} of ${seen} rows of ${name} could not be read, more than the allowed ratio of ${allowed}: ${reasons}. See the quarantine file, or raise ${setting}.`,
  );
}
