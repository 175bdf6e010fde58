import { z } from "zod";

/** `full`: everything. `incr`: what the full backup it is based on has not. */
export const KINDS = ["full", "incr"] as const;
export type Kind = (typeof KINDS)[number];

/**
 * The record of one finished backup. It lies beside the backup, so that the backups are known where the server and its
 * journal are lost; `meta.backup_runs` says the same, and what became of those that are gone.
 */
export const manifest = z.object({
  name: z.string(),
  kind: z.enum(KINDS),
  /** Name of the full backup that it is based on; empty for a full one. */
  base: z.string(),
  /** Milliseconds since 1970 UTC. Whatever was in the tables at the start is in the backup. */
  startedAt: z.number(),
  finishedAt: z.number(),
  /** Version of the server that made it. */
  serverVersion: z.string(),
  databases: z.array(z.string()),
  /** Size of all its files. */
  bytes: z.number(),
  /** SHA-256 in hexadecimal and size in bytes of each file, by its path within the backup. */
  files: z.record(z.string(), z.object({ sha256: z.string(), bytes: z.number() })),
});
export type Manifest = z.infer<typeof manifest>;

/** How a backup was found where backups are kept. */
export interface KeptBackup extends Omit<Manifest, "files" | "databases"> {
  files: number;
  /**
   * `whole`: as it was made. `damaged`: a file is missing or another. `unfinished`: begun and not finished; what is known of it is
   * its name.
   */
  state: "whole" | "damaged" | "unfinished";
  /** What is wrong with it, one clause; empty for a whole one. */
  why: string;
}

const MOSCOW = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Europe/Moscow",
  dateStyle: "short",
  timeStyle: "medium",
});

/** A moment by Moscow's clock, for people: `2030-01-01 05:00:00`. */
export const moscow = (ms: number): string => MOSCOW.format(ms);

/** Name of a backup that starts at a moment: `20300101T020000Z-full`. */
export function nameOf(startedAt: number, kind: Kind): string {
  return `${new Date(startedAt).toISOString().replace(/[-:]|\.\d+/g, "")}-${kind}`;
}

const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(full|incr)$/;

/** Start and kind that a name tells; undefined: it is no name of a backup. */
export function readName(name: string): { startedAt: number; kind: Kind } | undefined {
  const [, year, month, day, hour, minute, second, kind] = NAME.exec(name) ?? [];
  if (kind === undefined) return undefined;
  return {
    startedAt: Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`),
    kind: kind as Kind,
  };
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
