import { Argument, Command } from "commander";
import { EXIT } from "../exit-codes";
import { Failure } from "../warehouse/failure";
import { rotatable } from "./actions/rotate";
import type * as AccessCheck from "./actions/access-check";
import type * as AccessCommands from "./actions/access";
import type * as CheckReader from "./actions/check-reader";
import type * as Load from "./actions/load";
import type * as Plan from "./actions/import";
import type * as Rotate from "./actions/rotate";
import type * as Sbom from "./actions/sbom";
import type * as SchemaCommand from "./actions/schema";
import type * as Describe from "./actions/schema-show";
import type * as Smoke from "./actions/smoke";
import type * as Status from "./actions/status";
import type * as Validate from "./actions/validate";

/** A command's file, read when the command is called: most read a lot. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would need file extensions and tsx's other loader
const fileOf = <File>(path: string): File => require(path) as File;

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

program
  .command("status")
  .description("what runs, how much data there is, what to type next")
  .action(() => fileOf<typeof Status>("./status").status());

program
  .command("validate")
  .description("load sql/ into an empty engine and check schema, access and the code that uses them")
  .option("--sql <paths...>", "SQL files or folders that define objects a second time: compared with sql/")
  .action((options: Validate.ValidateOptions) => fileOf<typeof Validate>("./validate").validate(options));

program
  .command("smoke")
  .description("dry run of the loader's image: must end well and write nothing")
  .option(...targetOption)
  .action((options: TargetOption) => fileOf<typeof Smoke>("./smoke").smoke(options.target));

program
  .command("load")
  .description("run the loader's image as the stack does; flags behind -- go to the loader")
  .option(...targetOption)
  .argument("[flags...]", "flags of the loader, e.g. -- --since-hours 48")
  .action((flags: string[], options: TargetOption) =>
    fileOf<typeof Load>("./load").load(options.target, flags),
  );

program
  .command("plan")
  .description("import a plan of sales from a CSV file (loaders/plan/example.csv shows one)")
  .option(...targetOption)
  .option("--skip-bad", "leave wrong lines out instead of refusing the file")
  .option("--dry-run", "check the file, write nothing")
  .argument("<file>", "CSV in UTF-8, comma or semicolon")
  .action((file: string, options: TargetOption & { skipBad?: true; dryRun?: true }) => {
    const flags = [...(options.skipBad ? ["--skip-bad"] : []), ...(options.dryRun ? ["--dry-run"] : [])];
    return fileOf<typeof Plan>("./plan").plan(file, options.target, flags);
  });

program
  .command("check-reader")
  .description("ask what DataLens asks, as datalens_reader over HTTP, and prove what it must not do")
  .option(...targetOption)
  .option("--list", "one line per query, with its rows and time")
  .action((options: TargetOption & { list?: true }) =>
    fileOf<typeof CheckReader>("./check-reader").checkReader(options.target, options.list),
  );

program
  .command("sbom")
  .description("bill of materials of the loader's image (CycloneDX 1.6 JSON)")
  .option(...targetOption)
  .option("--out <file>", "write it to a file instead of standard output")
  .action((options: TargetOption & { out?: string }) =>
    fileOf<typeof Sbom>("./sbom").sbom(options.target, options.out),
  );

const schema = program.command("schema").description("the live warehouse against sql/");

schema
  .command("show")
  .description("SHOW CREATE and DESCRIBE of every object, or of those named")
  .argument("[names...]", "e.g. zakaz.dim_events")
  .option("--out <folder>", "one file per object in a folder instead of standard output")
  .option(...targetOption)
  .action((names: string[], options: Describe.ShowOptions) =>
    fileOf<typeof Describe>("./schema/describe").showSchema(names, options),
  );

schema
  .command("diff")
  .description("what differs, with the statements that would mend it; exit code 1 for any difference")
  .option(...targetOption)
  .action((options: TargetOption) =>
    fileOf<typeof SchemaCommand>("./schema-command").schemaDiff(options.target),
  );
schema
  .command("apply")
  .description("run pending migrations and mend what differs; stops before anything that could lose data")
  .option(...targetOption)
  .option("--allow <objects...>", "objects that pending migrations may take away or rewrite")
  .option("--resume <migration>", "let this migration, which failed before, go on where it failed")
  .option("--force", "overrule another apply that is under way or died elsewhere")
  .action((options: Parameters<typeof SchemaCommand.schemaApply>[0]) =>
    fileOf<typeof SchemaCommand>("./schema-command").schemaApply(options),
  );
program
  .command("rotate")
  .description("give a user of the warehouse a new password: configuration, pulumi up, proof by login")
  .addArgument(new Argument("<who>", "whose password").choices(rotatable))
  .option("--out <file>", "write the new password into a new file that only you can read")
  .option("--print", "print the new password, once, as the last line")
  .action((who: (typeof rotatable)[number], options: Rotate.RotateOptions) =>
    fileOf<typeof Rotate>("./rotate").rotate(who, options),
  );

const access = program.command("access").description("users and grants against their declaration");

access
  .command("diff")
  .description("what differs from sql/10_access.sql, and the statements that mend it; changes nothing")
  .option(...targetOption)
  .action((options: TargetOption) =>
    fileOf<typeof AccessCommands>("./access/commands").accessDiff(options.target),
  );

access
  .command("apply")
  .description("give what is missing, revoke what is surplus, prove it by reading again")
  .option(...targetOption)
  .action((options: TargetOption) =>
    fileOf<typeof AccessCommands>("./access/commands").accessApply(options.target),
  );

access
  .command("check")
  .description("try the table of rights on the running server: what each user may do, and what is refused")
  .option(...targetOption)
  .action((options: TargetOption) =>
    fileOf<typeof AccessCheck>("./access/check").accessCheck(options.target),
  );

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
