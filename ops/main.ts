import { Argument, Command } from "commander";
import { accessCheck } from "./access/check";
import { accessApply, accessDiff, accessState } from "./access/commands";
import { checkReader } from "./check-reader";
import { EXIT, Failure } from "./failure";
import { load } from "./load";
import { rotatable, rotate, type RotateOptions } from "./rotate";
import { sbom } from "./sbom";
import { showSchema, type ShowOptions } from "./schema/describe";
import { schemaApply, schemaDiff, schemaState } from "./schema-command";
import { plan } from "./plan";
import { smoke } from "./smoke";
import { status } from "./status";
import { validate, type ValidateOptions } from "./validate";

const program = new Command("zakaz")
  .description('Operator\'s commands for the selected stack (eval "$(make -s env)" selects dev)')
  .configureHelp({ sortSubcommands: true })
  .exitOverride();

interface TargetOption {
  target?: string;
}
const targetOption = [
  "--target <source>",
  "- reads the target from standard input instead of the stack",
] as const;

program.command("status").description("what runs, how much data there is, what to type next").action(status);

program
  .command("validate")
  .description("load sql/ into an empty engine and check schema, access and the code that uses them")
  .option("--sql <paths...>", "SQL files or folders that define objects a second time: compared with sql/")
  .action((options: ValidateOptions) => validate(options));

program
  .command("smoke")
  .description("dry run of the loader's image: must end well and write nothing")
  .option(...targetOption)
  .action((options: TargetOption) => smoke(options.target));

program
  .command("load")
  .description("run the loader's image as the stack does; flags behind -- go to the loader")
  .option(...targetOption)
  .argument("[flags...]", "flags of the loader, e.g. -- --since-hours 48")
  .action((flags: string[], options: TargetOption) => load(options.target, flags));

program
  .command("plan")
  .description("import a plan of sales from a CSV file (loaders/plan/example.csv shows one)")
  .option(...targetOption)
  .option("--skip-bad", "leave wrong lines out instead of refusing the file")
  .option("--dry-run", "check the file, write nothing")
  .argument("<file>", "CSV in UTF-8, comma or semicolon")
  .action((file: string, options: TargetOption & { skipBad?: true; dryRun?: true }) => {
    const flags = [...(options.skipBad ? ["--skip-bad"] : []), ...(options.dryRun ? ["--dry-run"] : [])];
    return plan(file, options.target, flags);
  });

program
  .command("check-reader")
  .description("ask what DataLens asks, as datalens_reader over HTTP, and prove what it must not do")
  .option(...targetOption)
  .option("--list", "one line per query, with its rows and time")
  .action((options: TargetOption & { list?: true }) => checkReader(options.target, options.list));

program
  .command("sbom")
  .description("bill of materials of the loader's image (CycloneDX 1.6 JSON)")
  .option(...targetOption)
  .option("--out <file>", "write it to a file instead of standard output")
  .action((options: TargetOption & { out?: string }) => sbom(options.target, options.out));

const schema = program.command("schema").description("the live warehouse against sql/");

schema
  .command("show")
  .description("SHOW CREATE and DESCRIBE of every object, or of those named")
  .argument("[names...]", "e.g. zakaz.dim_events")
  .option("--out <folder>", "one file per object in a folder instead of standard output")
  .option(...targetOption)
  .action((names: string[], options: ShowOptions) => showSchema(names, options));

schema
  .command("diff")
  .description("what differs, with the statements that would mend it; exit code 1 for any difference")
  .option(...targetOption)
  .action((options: TargetOption) => schemaDiff(options.target));
schema
  .command("apply")
  .description("run pending migrations and mend what differs; stops before anything that could lose data")
  .option(...targetOption)
  .option("--allow <objects...>", "objects that pending migrations may take away or rewrite")
  .option("--resume <migration>", "let this migration, which failed before, go on where it failed")
  .option("--force", "overrule another apply that is under way or died elsewhere")
  .action(schemaApply);
schema
  .command("state")
  .description("the same for programs, as JSON")
  .option(...targetOption)
  .option("--wait <seconds>", "how long a server may stay silent")
  .action(schemaState);

program
  .command("rotate")
  .description("give a user of the warehouse a new password: configuration, pulumi up, proof by login")
  .addArgument(new Argument("<who>", "whose password").choices(rotatable))
  .option("--out <file>", "write the new password into a new file that only you can read")
  .option("--print", "print the new password, once, as the last line")
  .action((who: (typeof rotatable)[number], options: RotateOptions) => rotate(who, options));

const access = program.command("access").description("users and grants against their declaration");

access
  .command("diff")
  .description("what differs from sql/10_access.sql, and the statements that mend it; changes nothing")
  .option(...targetOption)
  .action((options: TargetOption) => accessDiff(options.target));

access
  .command("apply")
  .description("give what is missing, revoke what is surplus, prove it by reading again")
  .option(...targetOption)
  .action((options: TargetOption) => accessApply(options.target));

access
  .command("check")
  .description("try the table of rights on the running server: what each user may do, and what is refused")
  .option(...targetOption)
  .action((options: TargetOption) => accessCheck(options.target));

access
  .command("state")
  .description("for the program: how the server stands, as JSON; changes nothing")
  .option(...targetOption)
  .option("--wait <seconds>", "how long to wait for a server that does not answer", Number, 0)
  .action((options: TargetOption & { wait: number }) => accessState(options.target, options.wait));

program.parseAsync().catch((error: unknown) => {
  if (error instanceof Failure) {
    process.stderr.write(`zakaz: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else if (isCommanderError(error)) {
    // Commander has printed its own sentence.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    throw error;
  }
});

function isCommanderError(error: unknown): error is { exitCode: number } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}
