import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { sha256Hex } from "../../clickhouse/password-hash";
import { adminUserXml } from "../../clickhouse/admin-user";
import { localServerImage, ROOT } from "../../images";
import { reservePort } from "./ports";
import { asAdmin, runClient, sqlOverHttp, type ClientResult, type TestServer } from "./server-common";

const run = promisify(execFile);

/** Loopback, and the networks Docker hands out: a request through a published port comes from its gateway. */
const NETWORKS = ["127.0.0.1", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
/** Where the stack mounts the volume of the backups. */
const BACKUPS = ["--tmpfs", "/backups:rw,size=64m,uid=101,gid=101,mode=0750"];
const HEALTHY_WITHIN_MS = 60_000;
/** A look at a container takes 50 ms of a core, of Docker's client and engine. */
const POLL_MS = 250;

export interface ContainerOptions {
  /** Image of the server; that of development by default. */
  image?: string;
  /** Password of `admin`; a random one by default. */
  adminPassword?: string;
  /** Further configuration files, by path below /etc/clickhouse-server, e.g. `config.d/x.xml`. */
  files?: Record<string, string>;
  /** Further arguments of `docker create`, e.g. a volume or a network. */
  dockerArguments?: string[];
}

/** A server in a container, as the stack runs it: user, health check, restart policy, published ports that stay. */
export class ServerContainer implements TestServer {
  constructor(
    /** Name of the container. */
    readonly name: string,
    readonly httpPort: number,
    readonly nativePort: number,
    readonly adminPassword: string,
  ) {}

  get httpUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  client(args: string[], stdin?: string | Buffer): Promise<ClientResult> {
    const command = ["exec", "-e", "CLICKHOUSE_PASSWORD", "-i", this.name, "clickhouse-client"];
    return runClient("docker", [...command, ...asAdmin(args)], this.adminPassword, stdin);
  }

  sql<Row = Record<string, unknown>>(query: string): Promise<Row[]> {
    return sqlOverHttp<Row>(this.httpUrl, this.adminPassword, query);
  }

  /** Runs a shell command inside; throws with what it said when it fails. */
  async sh(command: string): Promise<string> {
    return docker("exec", this.name, "sh", "-c", command);
  }

  /**
   * Waits until Docker calls it healthy.
   * @throws Error with the end of its log when it does not become healthy, or has ended for good
   */
  async healthy(): Promise<void> {
    const giveUpAt = Date.now() + HEALTHY_WITHIN_MS;
    for (;;) {
      const state = await docker("inspect", "-f", "{{.State.Status}} {{.State.Health.Status}}", this.name);
      if (state === "running healthy\n") return;
      if (state.startsWith("exited") || Date.now() > giveUpAt) break;
      await sleep(POLL_MS);
    }
    const { stdout, stderr } = await run("docker", ["logs", this.name]);
    const lines = (stdout + stderr).trimEnd().split("\n");
    const said = [...lines.filter((line) => line.includes("DB::Exception")), ...lines.slice(-5)].join("\n");
    throw new Error(`The server in ${this.name} is not healthy:\n${said}`);
  }

  async stop(): Promise<void> {
    await docker("rm", "-f", "-v", this.name);
  }
}

/** Starts a server in a container with the repository's configuration files; waits until it is healthy. */
export async function startContainer(options: ContainerOptions = {}): Promise<ServerContainer> {
  const name = `zt-server-${randomBytes(6).toString("hex")}`;
  const [http, native] = [await reservePort(), await reservePort()];
  const adminPassword = options.adminPassword ?? randomBytes(9).toString("hex");
  const server = new ServerContainer(name, http, native, adminPassword);
  await docker(
    "create",
    ...["--name", name, "--user", "101:101", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...["-p", `127.0.0.1:${http}:8123`, "-p", `127.0.0.1:${native}:9000`, "--restart", "unless-stopped"],
    ...["-e", "CLICKHOUSE_SKIP_USER_SETUP=1", "-e", "TZ=Europe/Moscow"],
    ...(options.dockerArguments?.some((one) => one.includes("/backups")) ? [] : BACKUPS),
    ...["--health-cmd", "wget -q --spider http://127.0.0.1:8123/ping", "--health-interval", "2s"],
    ...["--health-timeout", "5s", "--health-retries", "60"],
    ...(options.dockerArguments ?? []),
    options.image ?? localServerImage(),
  );
  try {
    await copyConfiguration(name, adminPassword, options.files ?? {});
    await docker("start", name);
    await server.healthy();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Puts the configuration where the Pulumi program uploads it to. */
async function copyConfiguration(
  container: string,
  password: string,
  extra: Record<string, string>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "zt-server-config-"));
  try {
    for (const name of ["config.d", "users.d"]) {
      cpSync(join(ROOT, "clickhouse", name), join(folder, name), { recursive: true });
    }
    const admin = adminUserXml({ passwordSha256Hex: sha256Hex(password), networks: NETWORKS });
    for (const [path, content] of Object.entries({ "users.d/admin.xml": admin, ...extra })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    // Files only: an entry for a folder would take it from the user that the server runs as.
    const command = `tar -C "$0" -c $(cd "$0" && echo */*) | docker cp - "$1":/etc/clickhouse-server/`;
    await run("sh", ["-c", command, folder, container]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function docker(...args: string[]): Promise<string> {
  return (await run("docker", args)).stdout;
}
