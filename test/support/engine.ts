import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { build } from "esbuild";
import { adminUserXml } from "../../clickhouse/admin-user";
import { sha256Hex } from "../../clickhouse/access/hash";

const run = promisify(execFile);

const repository = resolve(__dirname, "../..");
const embedded = join(repository, "clickhouse/embedded");
const imageRepository = "zt-engine";
const baseImage = "zakaz/node";
/** Loopback, and the networks Docker hands out: a request through a published port comes from its gateway. */
const testNetworks = ["127.0.0.1", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
const healthyWithinMs = 30_000;

export interface EngineOptions {
  /** Password of `admin`; a random one by default. */
  adminPassword?: string;
  /** Extra files, by path below /etc/clickhouse-server, e.g. `config.d/x.xml`. */
  files?: Record<string, string>;
  /** Extra arguments of `docker create`, e.g. a volume or a network. */
  dockerArguments?: string[];
}

export interface ClientResult {
  stdout: string;
  stderr: string;
  code: number;
}

export interface TestEngine {
  /** Name of the container. */
  container: string;
  /** http://127.0.0.1:PORT */
  httpUrl: string;
  httpPort: number;
  adminPassword: string;
  /** clickhouse-client in the container, as admin unless the arguments name a user. */
  client: (args: string[], stdin?: string | Buffer) => Promise<ClientResult>;
  /** Rows of one statement as admin over HTTP, as objects; throws the engine's error text. */
  sql: <Row = Record<string, unknown>>(query: string) => Promise<Row[]>;
  /** Removes the container with its anonymous volumes. */
  stop: () => Promise<void>;
}

/** Starts the embedded engine with the repository's configuration files on a free loopback port; waits until it answers. */
export async function startEngine(options: EngineOptions = {}): Promise<TestEngine> {
  const image = await buildEngineImage();
  const container = `zt-engine-${randomBytes(6).toString("hex")}`;
  const adminPassword = options.adminPassword ?? randomBytes(9).toString("hex");
  const publish = ["-p", "127.0.0.1::8123"];
  await docker(["create", "--name", container, ...publish, ...(options.dockerArguments ?? []), image]);
  try {
    await copyConfiguration(container, adminPassword, options.files ?? {});
    await docker(["start", container]);
    const httpPort = await waitForEngine(container);
    const httpUrl = `http://127.0.0.1:${httpPort}`;
    return {
      container,
      httpUrl,
      httpPort,
      adminPassword,
      client: (args, stdin) => client(container, adminPassword, args, stdin),
      sql: (query) => sql(httpUrl, adminPassword, query),
      stop: async () => {
        await docker(["rm", "-f", "-v", container]);
      },
    };
  } catch (error) {
    await docker(["rm", "-f", "-v", container]);
    throw error;
  }
}

/** Waits until the engine of a container answers on its published port; the port changes with every start. */
export async function waitForEngine(container: string): Promise<number> {
  const giveUpAt = Date.now() + healthyWithinMs;
  while (Date.now() < giveUpAt) {
    const inspected = await docker([
      "inspect",
      "-f",
      "{{json .NetworkSettings.Ports}} {{.State.Running}}",
      container,
    ]);
    const port = Number(/"HostPort":"(\d+)"/.exec(inspected)?.[1]);
    if (port && (await pings(port))) return port;
    if (inspected.trim().endsWith("false")) break;
    await sleep(50);
  }
  const { stdout, stderr } = await run("docker", ["logs", "--tail", "20", container]);
  throw new Error(`The engine in ${container} does not answer:\n${stdout}${stderr}`);
}

/** Builds the engine's image unless one of the same inputs is there; returns its name. */
export async function buildEngineImage(): Promise<string> {
  const base = await docker(["images", "-q", "--no-trunc", baseImage]);
  const image = `${imageRepository}:${inputsHash(base)}`;
  if (await imageExists(image)) return image;
  const context = mkdtempSync(join(tmpdir(), "zt-engine-"));
  try {
    await fillContext(context);
    // Test files run in parallel: the first one builds, the others wait for it.
    const command = `docker image inspect "$0" >/dev/null 2>&1 || DOCKER_BUILDKIT=0 docker build -q -t "$0" "$1"`;
    await run("flock", [join(tmpdir(), "zt-engine.lock"), "sh", "-c", command, image, context]);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return image;
}

/** Removes every image made by buildEngineImage that no container uses. */
export async function removeEngineImage(): Promise<void> {
  const images = (await docker(["images", "--format", "{{.Repository}}:{{.Tag}}", imageRepository])).split(
    "\n",
  );
  for (const image of images.filter(Boolean)) await run("docker", ["rmi", image]).catch(() => undefined);
}

async function fillContext(context: string): Promise<void> {
  cpSync(embedded, context, { recursive: true, filter: (source) => !isBuilt(source) });
  mkdirSync(join(context, "dist"));
  await build({
    entryPoints: ["supervisor", "client"].map((name) => join(embedded, `${name}.ts`)),
    outdir: join(context, "dist"),
    bundle: true,
    platform: "node",
    target: "node22",
    logLevel: "error",
  });
  const library = libraryPath();
  const target = join(context, "dist/libchdb.so");
  try {
    linkSync(library, target);
  } catch {
    copyFileSync(library, target); // another file system
  }
}

function libraryPath(): string {
  const require = createRequire(__filename);
  return join(dirname(require.resolve("@chdb/lib-linux-x64-gnu/package.json")), "libchdb.so");
}

function inputsHash(base: string): string {
  const hash = createHash("sha256")
    .update(base)
    .update(readFileSync(join(dirname(libraryPath()), "package.json")));
  // The bundles take code from beside the image's folder as well.
  const sources = dirname(embedded);
  for (const file of readdirSync(sources, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(sources, file);
    if (isBuilt(path) || !statSync(path).isFile()) continue;
    hash.update(file).update("\0").update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 12);
}

function isBuilt(path: string): boolean {
  return relative(embedded, path).split("/")[0] === "dist";
}

/** Puts the configuration where the Pulumi program uploads it to. */
async function copyConfiguration(
  container: string,
  password: string,
  extra: Record<string, string>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "zt-engine-config-"));
  try {
    for (const name of ["config.d", "users.d"]) {
      cpSync(join(repository, "clickhouse", name), join(folder, name), { recursive: true });
    }
    const admin = adminUserXml({ passwordSha256Hex: sha256Hex(password), networks: testNetworks });
    for (const [path, content] of Object.entries({ "users.d/admin.xml": admin, ...extra })) {
      writeFileSync(join(folder, path), content);
    }
    // Files only: an entry for a folder would take it from the user that the engine runs as.
    const command = `tar -C "$0" -c $(cd "$0" && echo */*) | docker cp - "$1":/etc/clickhouse-server/`;
    await run("sh", ["-c", command, folder, container]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function client(
  container: string,
  password: string,
  args: string[],
  stdin?: string | Buffer,
): Promise<ClientResult> {
  const asAdmin = args.some((arg) => /^(-u|--user)/.test(arg)) ? [] : ["--user=admin"];
  const command = [
    "exec",
    "-e",
    "CLICKHOUSE_PASSWORD",
    "-i",
    container,
    "clickhouse-client",
    ...asAdmin,
    ...args,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn("docker", command, { env: { ...process.env, CLICKHOUSE_PASSWORD: password } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => undefined); // the client may end before it has read everything
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        code: code ?? -1,
      }),
    );
    child.stdin.end(stdin);
  });
}

async function sql<Row>(httpUrl: string, password: string, query: string): Promise<Row[]> {
  const response = await fetch(`${httpUrl}/?default_format=JSONEachRow&wait_end_of_query=1`, {
    method: "POST",
    headers: { "X-ClickHouse-User": "admin", "X-ClickHouse-Key": password, Connection: "close" },
    body: query,
  });
  const body = await response.text();
  if (!response.ok) throw new Error(body);
  return body
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

async function pings(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/ping`, { headers: { Connection: "close" } });
    return response.ok;
  } catch {
    return false;
  }
}

async function imageExists(image: string): Promise<boolean> {
  return (await docker(["images", "-q", image])).trim() !== "";
}

async function docker(args: string[]): Promise<string> {
  return (await run("docker", args)).stdout;
}
