/**
 * What the rest of the program knows of a source: configuration, components, commands, rights, checks, samples of settings
 * and the sandbox read it. The code that loads it is not here: its own program imports that.
 */
export interface Source {
  /** Name of the job in journal, lease and watermarks, and of the program in the loaders' image. */
  job: string;
  /** Its name for people. */
  title: string;
  /** Its folder below `loaders/`. */
  folder: string;
  /** `api`: read by `zakaz load`. `file`: what `zakaz import` brings. `warehouse`: `zakaz recompute`, out of what is there. */
  kind: "api" | "file" | "warehouse";
  /** Key of the stack's configuration that switches it on; without one it is part of every stack. */
  switch?: SourceSwitch;
  /** Secrets of the stack that it needs, by key of the configuration. */
  secrets: Readonly<Record<string, SourceSecret>>;
  /** Data sets that are read only where `zakaz:datasets` names them. */
  datasets: Readonly<Record<string, DatasetSwitch>>;
  /** Tables of the database `zakaz` that it writes, beside what every run writes (`RUN_TABLES`). */
  tables: readonly SourceTable[];
  /** Hours after a good run for which its tables count as fresh, as `bi.v_ops_freshness` counts them; none without tables. */
  freshHours?: number;
  /** What its runs must find again, and no table may hold; protected as the data are. */
  volume?: SourceVolume;
  /** The stand-in for its API; none where there is nothing to stand in for. */
  sandbox?: SourceSandbox;
  /** Its program takes `--probe` (`pipeline/probe.ts`): questions to its vendor, asked by `zakaz probe`. */
  probe?: true;
}

export interface SourceSwitch {
  key: string;
  /** One sentence for docs/configuration.md. */
  about: string;
}

export interface SourceSecret {
  /** One sentence for docs/configuration.md. */
  about: string;
  /** Setting of the loader that takes it. */
  setting: string;
  /**
   * `token`: given by the vendor, any length and letters. `key`: made by the operator; it must be strong on every stack, also on
   * the one that may use samples.
   */
  kind: "token" | "key";
  /** Fewest characters of a key. */
  shortest?: number;
  /** Data set that needs it; without one the source itself does. */
  dataset?: string;
  /** What the program knows of a secret of several parts, such as a list of accounts. */
  parts?: SecretParts;
}

/** A secret that is a list with secret parts: `pulumi config set --secret --path` sets each, so that each is encrypted by itself. */
export interface SecretParts {
  /** What is wrong with its form: the end of a sentence without values, and where; undefined when nothing is. */
  problemOf: (value: string) => { problem: string; path?: string } | undefined;
  /** The texts in it that are secret; none when its form is wrong. */
  secretsOf: (value: string) => readonly string[];
  /** Those of them that are passwords of users of the warehouse, each with its place; they must be strong. */
  passwordsOf?: (value: string) => readonly { user: string; password: string; path: string }[];
  /** A part that is secret, for the example of a command: `[0].clientSecret`. */
  example: string;
  /** Names of parts that are not: they are set in the clear. */
  plain: readonly string[];
}

export interface SourceVolume {
  /** Its name on a stack without an instance. */
  name: string;
  /** Where a run finds it. */
  path: string;
  /** One sentence for people. */
  about: string;
}

export interface DatasetSwitch {
  /** Setting of the loader that switches it on, with the value that does. */
  setting: string;
  value: string;
}

export interface SourceTable {
  /** Without its database. */
  name: string;
  /** Written and never read back: its content is worth money, or personal. */
  writeOnly?: true;
  /** What its rows are called where `zakaz status` counts them: "order lines". */
  rowsAre?: string;
}

export interface SourceSandbox {
  /** Folder below `sandbox/`, and name of the vendor there. */
  vendor: string;
  /** Path of the API on the sandbox. */
  path: string;
  /** Secret that tells its clients. */
  secret: string;
  /** Those clients: the sandbox is given the SHA-256 of what each proves itself by, and whose data it sees. */
  clients: (secret: string) => { credential: string; account?: string }[];
  /** Settings of the loader that make it read from there. */
  settings: (url: string) => Record<string, string>;
}

/** Tables that every run reads and writes, whatever its source, with their databases. */
export const RUN_TABLES: readonly { name: string; rowsAre?: string }[] = [
  { name: "zakaz.meta_job_runs", rowsAre: "loader runs" },
  { name: "meta.watermarks" },
  { name: "meta.etl_alerts" },
  { name: "meta.sli_daily" },
];
