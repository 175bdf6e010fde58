import { Duration } from "luxon";

/** A duration for people, in whole minutes and hours: `3 min`, `1 hr, 20 min`. */
export function formatDuration(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return Duration.fromObject({ minutes }, { locale: "en" }).rescale().toHuman({ unitDisplay: "short" });
}
