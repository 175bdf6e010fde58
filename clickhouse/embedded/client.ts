import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { version } from "@chdb/lib-linux-x64-gnu/package.json";
import { ArgumentError, parseClientArguments, usage, type ClientArguments } from "./client/arguments";
import { NetworkError, ServerError, Session } from "./client/session";
import { runStatements, StatementFailed } from "./client/run";
import { splitStatements, type Statement } from "../sql/split";

const networkError = 210;

async function main(): Promise<number> {
  let args: ClientArguments;
  try {
    args = parseClientArguments(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCode(error.code);
  }
  if (args.help || args.version) {
    process.stdout.write(args.help ? usage : `ClickHouse client version ${version} (embedded engine).\n`);
    return 0;
  }
  return await runAll(args);
}

async function runAll(args: ClientArguments): Promise<number> {
  const statements = await readStatements(args);
  const session = new Session(args, args.format ?? (process.stdout.isTTY ? "PrettyCompact" : "TabSeparated"));
  try {
    await runStatements(statements, args, session, {
      output: process.stdout,
      data: process.stdin,
      errors: process.stderr,
    });
  } catch (error) {
    if (!(error instanceof StatementFailed)) throw error;
    return report(error, args, statements);
  }
  return 0;
}

async function readStatements(args: ClientArguments): Promise<Statement[]> {
  let scripts = args.queries;
  if (args.files.length > 0) scripts = args.files.map((file) => readFileSync(file, "utf8"));
  if (scripts.length === 0) scripts = [await text(process.stdin)];
  return scripts.flatMap((script) => splitStatements(script, { multiquery: args.multiquery }));
}

/** Prints the error as the real client does, and where it happened; returns the exit code. */
function report({ number, reason }: StatementFailed, args: ClientArguments, statements: Statement[]): number {
  const server = `${args.host}:${args.port}`;
  const statement = statements[number - 1];
  const where =
    statement && statements.length > 1
      ? `(statement ${number}, line ${statement.line}: ${statement.title})\n`
      : "";
  if (reason instanceof ServerError) {
    const version = reason.serverVersion ? ` (version ${reason.serverVersion})` : "";
    process.stderr.write(
      `Received exception from server${version}:\n` +
        `Code: ${reason.code}. DB::Exception: Received from ${server}. DB::Exception: ${reason.message}\n${where}`,
    );
    return exitCode(reason.code);
  }
  if (reason instanceof NetworkError) {
    process.stderr.write(
      `Code: ${networkError}. DB::NetException: ${reason.message} (${server}). (NETWORK_ERROR)\n${where}`,
    );
    return exitCode(networkError);
  }
  throw reason;
}

/** As the real client: the error code modulo 256, never 0. */
function exitCode(code: number): number {
  return code % 256 || 255;
}

void main().then((code) => {
  process.exitCode = code;
});
