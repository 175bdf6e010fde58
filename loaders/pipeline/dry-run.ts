/** What a dry run tells. */
export interface DryRun {
  /** Figures with their titles, in the order in which they are printed. */
  figures: readonly (readonly [title: string, value: number])[];
  /** One sentence: what a real run would do. */
  wouldDo?: string;
  /** Exit code, where it is not 0. */
  exitCode?: number;
}

/** The summary of a dry run, as it is printed on standard output. */
export function formatDryRun(job: string, { figures, wouldDo }: DryRun): string {
  const lines = figures.map(([title, value]) => `  ${title}: ${value}`);
  const end = `Dry-run: no ClickHouse writes.${wouldDo === undefined ? "" : ` ${wouldDo}`}`;
  return [`[${job}] Dry-run complete:`, ...lines, end, ""].join("\n");
}
