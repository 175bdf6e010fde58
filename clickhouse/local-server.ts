import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { adminUserXml } from "./admin-user";
import { sha256Hex } from "./password-hash";

/** The version that development and tests run; set-up knows it as CLICKHOUSE_VERSION. */
export const SERVER_VERSION = "25.8.2";

const ROOT = join(__dirname, "..");
const ANSWERS_WITHIN_MS = 60_000;
const FOLDER = "zakaz-server-";

export interface LocalServerOptions {
  /** Version that set-up has installed; {@link SERVER_VERSION} by default. */
  version?: string;
  /** Further configuration files, or others in place of ours, by path: `config.d/x.xml`. */
  files?: Record<string, string>;
  /** Fixed ports of loopback, for a server that is started again; without them the server chooses, and is asked. */
  ports?: { http: number; native: number };
  /** Folder of the backups; by default one of its own, which goes with it. */
  backups?: string;
}

/**
 * A ClickHouse server of its own without Docker: the executable and the configuration of the server's image, on loopback, in a
 * folder that goes with it. It ends with the process that started it, however that ends.
 */
export class LocalServer {
  /** Its data, logs and configuration. */
  readonly folder: string;
  /** Password of `admin`: random, never shown. */
  readonly adminPassword = randomBytes(18).toString("hex");
  /** Ports of 127.0.0.1; 0 before the start. */
  httpPort = 0;
  nativePort = 0;
  private child: ChildProcess | undefined;
  protected program: string;

  /**
   * Makes the folder; `start` starts the server.
   * @throws Error when set-up has not installed the version
   */
  constructor(private readonly options: LocalServerOptions = {}) {
    this.program = programOf(options.version);
    removeAbandoned();
    this.folder = mkdtempSync(join(tmpdir(), `${FOLDER}${ownerOf(process.pid)}-`));
    this.writeConfiguration();
  }

  /** Folder of the backups. */
  get backups(): string {
    return this.options.backups ?? join(this.folder, "backups");
  }

  /** http://127.0.0.1:PORT */
  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** Process of the server. */
  get pid(): number {
    return this.child!.pid!;
  }

  /**
   * Starts the server, also again after `kill`, and waits until it takes queries.
   * @throws Error with what it said last when it does not come up
   */
  async start(): Promise<void> {
    const log = join(this.folder, "console.log");
    const output = openSync(log, "w");
    // The kernel ends the server with this process.
    const command = [
      "--pdeathsig",
      "KILL",
      this.program,
      "server",
      `--config-file=${this.folder}/config.xml`,
    ];
    const child = spawn("setpriv", command, { stdio: ["ignore", output, output], cwd: this.folder });
    closeSync(output);
    this.child = child;
    let failure: Error | undefined;
    child.once("error", (error) => (failure = error));
    const giveUpAt = Date.now() + ANSWERS_WITHIN_MS;
    for (;;) {
      const said = readFileSync(log, "utf8");
      if (said.includes("Ready for connections")) {
        this.httpPort = portIn(said, /Listening for http:\/\/127\.0\.0\.1:(\d+)/);
        this.nativePort = portIn(said, /Listening for native protocol \(tcp\): 127\.0\.0\.1:(\d+)/);
        return;
      }
      if (failure !== undefined || child.exitCode !== null || Date.now() > giveUpAt) {
        await this.kill();
        throw new Error(`ClickHouse does not start: ${failure?.message ?? lastSaid(said)}`, {
          cause: failure,
        });
      }
      await sleep(20);
    }
  }

  /** Ends the server and waits for its end; `start` starts it again on the same data. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { child } = this;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Ends the server and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The image's configuration with every place in the folder. */
  private writeConfiguration(): void {
    const { folder } = this;
    for (const name of ["config.xml", "users.xml"]) {
      cpSync(join(ROOT, "clickhouse/image", name), join(folder, name));
    }
    for (const name of ["config.d", "users.d"]) {
      cpSync(join(ROOT, "clickhouse", name), join(folder, name), { recursive: true });
    }
    const files = {
      "users.d/admin.xml": adminUserXml({
        passwordSha256Hex: sha256Hex(this.adminPassword),
        networks: ["127.0.0.1", "::1"],
      }),
      "config.d/zz-local-server.xml": placesXml(
        folder,
        this.backups,
        this.options.ports ?? { http: 0, native: 0 },
      ),
      ...this.options.files,
    };
    for (const [path, content] of Object.entries(files))
      writeFileSync(join(folder, path), content, { mode: 0o600 });
    mkdirSync(join(folder, "log"));
    mkdirSync(this.backups, { recursive: true });
  }
}

/**
 * The executable `clickhouse` of a version, which set-up installs.
 * @throws Error naming the command that installs it
 */
export function programOf(version = SERVER_VERSION): string {
  const program = join(ROOT, ".zakaz/clickhouse", version, "bin/clickhouse");
  if (existsSync(program)) return program;
  throw new Error(`ClickHouse ${version} is not installed for this checkout: run toolchain/setup`);
}

/** The error that ended the server, without the stack trace that follows it; else the end of its log. */
function lastSaid(log: string): string {
  const errors = [...log.matchAll(/^(?:.*<(?:Error|Fatal)> Application: )?(.+?), Stack trace/gm)];
  return errors.at(-1)?.[1] ?? log.trimEnd().split("\n").slice(-10).join("\n");
}

function portIn(log: string, pattern: RegExp): number {
  return Number(pattern.exec(log)?.[1]);
}

/** Hash of the configuration files that every server gets. */
export function configurationHash(): string {
  const folders = ["clickhouse/image", "clickhouse/config.d", "clickhouse/users.d"];
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(".xml"))
      .map((name) => readFileSync(join(ROOT, folder, name), "utf8")),
  );
  return sha256Hex(files.join("\n"));
}

/** Everything that the image keeps in fixed places. Merged last. */
function placesXml(
  folder: string,
  backups: string,
  { http, native }: { http: number; native: number },
): string {
  return `<clickhouse>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${http}</http_port>
  <tcp_port>${native}</tcp_port>
  <path>${folder}/data/</path>
  <tmp_path>${folder}/data/tmp/</tmp_path>
  <user_files_path>${folder}/data/user_files/</user_files_path>
  <format_schema_path>${folder}/data/format_schemas/</format_schema_path>
  <user_directories>
    <users_xml><path>${folder}/users.xml</path></users_xml>
    <local_directory><path>${folder}/data/access/</path></local_directory>
  </user_directories>
  <logger><log>${folder}/log/server.log</log><errorlog>${folder}/log/server.err.log</errorlog></logger>
  <storage_configuration><disks><backups><path>${backups}/</path></backups></disks></storage_configuration>
  <backups><allowed_path>${backups}/</allowed_path></backups>
</clickhouse>
`;
}

/** Removes the folders of processes that were killed before they could. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const [pid, startedAt] = name.startsWith(FOLDER) ? name.slice(FOLDER.length).split("-") : [];
    if (pid === undefined || startedAt === undefined || ownerOf(Number(pid)) === `${pid}-${startedAt}`)
      continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** A process with its start: the number of a dead one may have been given to another. */
function ownerOf(pid: number): string {
  try {
    const startedAt = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19];
    return `${pid}-${startedAt}`;
  } catch {
    return `${pid}-ended`;
  }
}
