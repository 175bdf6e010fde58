import { execFile } from "node:child_process";
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
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { build } from "esbuild";
import {
  asAdmin,
  pings,
  runClient,
  sqlOverHttp,
  writeConfiguration,
  type ClientResult,
  type TestServer,
} from "./server-common";

const run = promisify(execFile);

const repository = resolve(__dirname, "../..");
const embedded = join(repository, "clickhouse/embedded");
const imageRepository = "zt-engine";
const baseImage = "zakaz/node";
const healthyWithinMs = 30_000;

export interface EngineOptions {
  /** Password of `admin`; a random one by default. */
  adminPassword?: string;
  /** Extra files, by path below /etc/clickhouse-server, e.g. `config.d/x.xml`. */
  files?: Record<string, string>;
  /** Extra arguments of `docker create`, e.g. a volume or a network. */
  dockerArguments?: string[];
}

export interface TestEngine extends TestServer {
  /** Name of the container. */
  container: string;
  httpPort: number;
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
      sql: (query) => sqlOverHttp(httpUrl, adminPassword, query),
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
    writeConfiguration(folder, password, extra);
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
  const command = ["exec", "-e", "CLICKHOUSE_PASSWORD", "-i", container, "clickhouse-client"];
  return runClient("docker", [...command, ...asAdmin(args)], password, stdin);
}

async function imageExists(image: string): Promise<boolean> {
  return (await docker(["images", "-q", image])).trim() !== "";
}

async function docker(args: string[]): Promise<string> {
  return (await run("docker", args)).stdout;
}
