import { Command } from "commander";
import type { z } from "zod";
import { EXIT } from "../../exit-codes";
import { readAliases, withCanonicalCities } from "../core/cities";
import { withoutRepeats, type CsvFile, type LineKey } from "../core/csv";
import { UsageError } from "../core/errors";
import { parseEnvFile } from "../core/setting";
import type { CommonSettings } from "../core/settings";
import { countLines, reportBadLines } from "./bad-lines";
import type { RunContext } from "./context";
import type { Counters, Found } from "./found";
import { readEnvironment, readNamedFile, type CommonFlags, type Environment, type Program } from "./program";
import type { TableUse } from "./table-check";

/** On standard input, the line between the settings and the file. */
const SEPARATOR = "---";

/** What the import of a file says of itself; `fileProgram` makes a program of it. */
export interface FileImport<Settings extends CommonSettings, Line extends ImportedLine> {
  job: string;
  /** What the file is called in a sentence: "plan". */
  what: string;
  /** What the program does, for its help. */
  description: string;
  schema: z.ZodObject<Record<string, z.ZodType>>;
  readSettings: (environment: Environment) => Settings;
  /** Setting that says how many seconds the import may take. */
  secondsSetting: { [Name in keyof Settings]: Settings[Name] extends number ? Name : never }[keyof Settings] &
    string;
  /** Reads the file; throws `UsageError` when it is none of this kind as a whole. `now` is the start of the run (ms). */
  parse: (bytes: Buffer, now: number) => CsvFile<Line>;
  key: LineKey<Line>;
  /** Title of the number of lines, in what a dry run prints. */
  linesTitle: string;
  /** Columns by table that the import writes. */
  columns: TableUse["columns"];
  /** Counters that the journal always has, beside those of every import. */
  counters: readonly string[];
  /** Writes lines, each with its canonical city, as the keys of the warehouse they are. */
  write: (run: RunContext, lines: readonly Line[]) => Promise<{ counters: Counters; written: number }>;
}

/** A line of a file. Its city is as written until the aliases of the warehouse are known. */
interface ImportedLine {
  line: number;
  city: string;
}

interface Flags extends CommonFlags {
  skipBad: boolean;
}

/** The program of an import: the file is checked as a whole, and written only when it is right or wrong lines may be left out. */
export function fileProgram<Settings extends CommonSettings, Line extends ImportedLine>(
  source: FileImport<Settings, Line>,
): Program<Flags, Settings, Buffer> {
  const { job, what, secondsSetting } = source;
  return {
    job,
    command: () =>
      new Command(job)
        .description(source.description)
        .argument(
          "<file>",
          `the ${what}; - reads standard input, behind the settings and a line ${SEPARATOR}`,
        )
        .option("--skip-bad", "leave wrong lines out instead of refusing the file", false),
    // Commander has seen to it that there is a file.
    readInput: ({ envfile }, [file]) => readInput(envfile, file as string, what),
    schema: source.schema,
    readSettings: source.readSettings,
    prepare: ({ flags: { skipBad }, settings, input, now }) => {
      const file = source.parse(input, now);
      return {
        job,
        seconds: settings[secondsSetting] as number,
        secondsSetting,
        tables: { columns: source.columns, nulls: {} },
        counters: [...source.counters, "bad_lines", "unknown_cities"],
        rehearse: (log) => {
          // Without the aliases of the warehouse two spellings of a city are two cities.
          const { lines, bad } = withoutRepeats(file, source.key);
          reportBadLines(what, { lines, bad }, { skipBad, log });
          return {
            figures: [
              [source.linesTitle, lines.length],
              ["Mistakes", bad.length],
            ],
            exitCode: bad.length > 0 ? EXIT.partial : EXIT.ok,
          };
        },
        load: async (context, dataSets) => {
          dataSets.add(await importFile(source, context, file, skipBad));
          return {};
        },
      };
    },
  };
}

/** Writes a file: all of it, or with `skipBad` what is right of it. */
async function importFile<Settings extends CommonSettings, Line extends ImportedLine>(
  { job, what, key, write }: FileImport<Settings, Line>,
  run: RunContext,
  file: CsvFile<Line>,
  skipBad: boolean,
): Promise<Found> {
  const cities = withCanonicalCities(file.lines, await readAliases(run.database));
  const { lines, bad } = withoutRepeats({ lines: cities.lines, bad: file.bad }, key);
  reportBadLines(what, { lines, bad }, { skipBad, log: run.log });
  for (const { line, column } of bad) run.quarantine.add(job, line, `${column}: not accepted`);
  const { counters, written } = await write(run, lines);
  const badLines = countLines(bad);
  return {
    counters: { ...counters, bad_lines: badLines, unknown_cities: cities.unknown },
    written,
    incomplete: badLines > 0 ? [{ dataSet: job, reason: `${badLines} lines were left out` }] : [],
  };
}

/** The settings and the file. Both may come on standard input: first the settings, then the line `---`, then the file. */
function readInput(
  envfile: string | undefined,
  file: string,
  what: string,
): { environment: Environment; input: Buffer } {
  if (envfile !== "-" || file !== "-") {
    return { environment: readEnvironment([envfile]), input: readNamedFile(file) };
  }
  const both = readNamedFile("-");
  const mark = Buffer.from(`\n${SEPARATOR}\n`);
  const at = both.indexOf(mark);
  if (at === -1) throw new UsageError(`standard input has no line ${SEPARATOR} between settings and ${what}`);
  const settings = parseEnvFile(both.subarray(0, at).toString(), "standard input");
  return { environment: { ...process.env, ...settings }, input: both.subarray(at + mark.length) };
}
