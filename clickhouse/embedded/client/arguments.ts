import { parseArgs } from "node:util";
import { httpPort, tcpPort } from "../paths";

export interface ClientArguments {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string | undefined;
  /** Texts of -q, in order. */
  queries: string[];
  /** Names of --queries-file, in order. */
  files: string[];
  format: string | undefined;
  multiquery: boolean;
  time: boolean;
  help: boolean;
  version: boolean;
  /** Query parameters by name, and settings given as flags (`--max_threads=2`). */
  parameters: Record<string, string>;
  settings: Record<string, string>;
}

/** A mistake in the call; `code` is the ClickHouse error code that the real client ends with. */
export class ArgumentError extends Error {
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

const badArguments = 36;
const authenticationFailed = 516;
const unrecognizedArguments = 552;

const options = {
  host: { type: "string", short: "h" },
  port: { type: "string" },
  user: { type: "string", short: "u" },
  password: { type: "string" },
  database: { type: "string", short: "d" },
  query: { type: "string", short: "q", multiple: true },
  "queries-file": { type: "string", multiple: true },
  format: { type: "string", short: "f" },
  multiquery: { type: "boolean", short: "n" },
  time: { type: "boolean", short: "t" },
  help: { type: "boolean" },
  version: { type: "boolean", short: "V" },
} as const;

/** Reads the command line and CLICKHOUSE_USER, CLICKHOUSE_PASSWORD. Throws ArgumentError. */
export function parseClientArguments(argv: string[], env: NodeJS.ProcessEnv): ClientArguments {
  const { tokens } = parseArgs({ args: argv, options, strict: false, allowPositionals: true, tokens: true });
  const result: ClientArguments = {
    host: "localhost",
    port: httpPort,
    user: env["CLICKHOUSE_USER"] ?? "",
    password: env["CLICKHOUSE_PASSWORD"] ?? "",
    database: undefined,
    queries: [],
    files: [],
    format: undefined,
    multiquery: false,
    time: false,
    help: false,
    version: false,
    parameters: {},
    settings: {},
  };
  for (const token of tokens) {
    if (token.kind === "positional") {
      throw new ArgumentError(`Positional option \`${token.value}\` is not supported.`, badArguments);
    }
    if (token.kind === "option") readOption(result, token.name, token.rawName, token.value);
  }
  if (result.queries.length > 0 && result.files.length > 0) {
    throw new ArgumentError("Options '--query' and '--queries-file' cannot be given together.", badArguments);
  }
  if (!result.user && !result.help && !result.version) {
    throw new ArgumentError(
      "Give a user and a password (no user of this server has none): clickhouse-client --user=NAME --password=…, " +
        "or set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD.",
      authenticationFailed,
    );
  }
  return result;
}

function readOption(result: ClientArguments, name: string, rawName: string, given: string | undefined): void {
  const value = () => {
    if (given === undefined) {
      throw new ArgumentError(`The required argument for option '${rawName}' is missing.`, badArguments);
    }
    return given;
  };
  switch (name) {
    case "host":
    case "user":
    case "password":
    case "database":
    case "format":
      result[name] = value();
      return;
    case "port":
      result.port = readPort(value());
      return;
    case "query":
      result.queries.push(value());
      return;
    case "queries-file":
      result.files.push(value());
      return;
    case "multiquery":
    case "time":
    case "help":
    case "version":
      result[name] = true;
      return;
  }
  if (name.startsWith("param_")) {
    result.parameters[name.slice("param_".length)] = value();
  } else if (/^[a-z][a-z0-9_]*$/.test(name) && given !== undefined && rawName.startsWith("--")) {
    result.settings[name] = given;
  } else {
    throw new ArgumentError(`Unrecognized option '${rawName}'.`, unrecognizedArguments);
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new ArgumentError(`The argument '${text}' for option '--port' is not a port.`, badArguments);
  }
  // Whoever names the native port means this server; HTTP is what this client speaks.
  return port === tcpPort ? httpPort : port;
}

export const usage = `clickhouse-client: runs SQL on the embedded engine, over HTTP.

  -u, --user NAME          the user (or CLICKHOUSE_USER)
      --password TEXT      the password (or CLICKHOUSE_PASSWORD)
  -h, --host NAME          default localhost
      --port NUMBER        HTTP port, default ${httpPort} (${tcpPort}, the native port, is taken for it)
  -d, --database NAME      default database
  -q, --query SQL          may be repeated; without it SQL comes from standard input
      --queries-file FILE  may be repeated
  -n, --multiquery         inline data of INSERT … FORMAT is one line (scripts may hold many statements anyway)
  -f, --format NAME        output format, default TabSeparated, on a terminal PrettyCompact
      --param_NAME=VALUE   value of {NAME:Type} in the SQL
      --SETTING=VALUE      any setting of the server, for all statements
  -t, --time               seconds of each statement on standard error
  -V, --version            version of the engine
`;
