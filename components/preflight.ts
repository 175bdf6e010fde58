import * as pulumi from "@pulumi/pulumi";
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { SERVER_VERSION } from "../clickhouse/local-server";
import { isOlder } from "../clickhouse/version";
import { localServerImage, ROOT } from "../images";
import { CHECKOUT_LABEL } from "./labels";

const run = promisify(execFile);

/** Oldest Docker engine API that this program is tested with (engine 20.10). */
const LEAST_API = 1.41;

export interface PreflightArgs {
  /** Name of the server's container. */
  server: string;
  /** Volume with the server's data. */
  dataVolume: string;
  /** As in the configuration: `local`, or a reference by digest. */
  clickhouseImage: string;
  bindAddress: string;
  httpPort: number;
  nativePort: number;
}

/**
 * Looks for what would make an update fail half-way: no Docker, an old engine, no image, a server of another checkout, data that
 * the server cannot read, a taken port. A preview does without it: its plan needs no Docker.
 * @throws pulumi.RunError with one sentence that names the thing and what fixes it
 */
export async function preflight(args: PreflightArgs): Promise<void> {
  if (pulumi.runtime.isDryRun()) return;
  await checkEngine();
  // Neither the container nor the volume need be there.
  const running = docker("container", "inspect", "--format", "{{.Image}}", args.server).catch(() => "");
  const checks = [
    checkOwner(args.server),
    checkVersion(args, running),
    ...(args.clickhouseImage === "local" ? [checkImageAndData(args, localServerImage(), running)] : []),
    checkPort(args, "httpPort", args.httpPort),
    checkPort(args, "nativePort", args.nativePort),
  ];
  // All at once, as each asks Docker; of several failures always the same is told.
  const failed = (await Promise.allSettled(checks)).find((check) => check.status === "rejected");
  if (failed !== undefined) throw failed.reason as Error;
}

async function docker(...args: string[]): Promise<string> {
  return (await run("docker", args)).stdout.trim();
}

async function checkEngine(): Promise<void> {
  let version: string;
  try {
    version = await docker("version", "--format", "{{.Server.APIVersion}}");
  } catch {
    throw new pulumi.RunError(
      "Docker does not answer: start its engine (`make up` does), then `docker version` shows it",
    );
  }
  if (Number(version) < LEAST_API) {
    throw new pulumi.RunError(
      `Docker's engine speaks API ${version}; install one that speaks ${LEAST_API} (engine 20.10) or newer`,
    );
  }
}

async function checkOwner(server: string): Promise<void> {
  const format = `{{index .Config.Labels "${CHECKOUT_LABEL}"}}`;
  // No such container is the ordinary case.
  const owner = await docker("container", "inspect", "--format", format, server).catch(() => ROOT);
  if (owner === ROOT) return;
  const whose = owner === "" ? "was not made by this program" : `belongs to the checkout ${owner}`;
  throw new pulumi.RunError(
    `Container ${server} ${whose}: remove it there (\`make down\`), or give this stack names and ports of its own: ` +
      secondStack(pulumi.getStack()).join(" && "),
  );
}

/** The commands that give a stack names and ports of its own, also where it has not been made yet. */
function secondStack(stack: string): string[] {
  const set = (key: string, value: string) => `zakaz:${key}=${value}`;
  const values = [set("instance", "<name>"), set("httpPort", "<port>"), set("nativePort", "<port>")];
  return [
    `pulumi stack select --create ${stack}`,
    `pulumi config set-all ${values.map((value) => `--plaintext ${value}`).join(" ")}`,
  ];
}

/** Id of an image of set-up's. */
async function requireImage(image: string): Promise<string> {
  const id = await docker("image", "inspect", "--format", "{{.Id}}", image).catch(() => "");
  if (id !== "") return id;
  throw new pulumi.RunError(
    `Image ${image} is not on this Docker engine, and no registry has it: toolchain/setup makes it (so does \`make up\`)`,
  );
}

/**
 * Stops before the server's container goes for one of an older version, which would not start on the data that the newer one has
 * written.
 */
async function checkVersion(
  { server, clickhouseImage }: PreflightArgs,
  runningImage: Promise<string>,
): Promise<void> {
  const image = clickhouseImage === "local" ? localServerImage() : clickhouseImage;
  const running = await runningImage;
  const wanted = await docker("image", "inspect", "--format", "{{.Id}}", image).catch(() => "");
  if (running === "" || running === wanted) return;
  const [from, to] = await Promise.all([versionOf(running), versionOf(image)]);
  // What does not tell is the affair of what makes the container.
  if (from === undefined || to === undefined || !isOlder(to, from)) return;
  throw new pulumi.RunError(
    `ClickHouse ${to}, of zakaz:clickhouseImage, is older than ${from}, which has written the data of ${server}: it would not start on ` +
      "them, and nothing was changed; stay with the newer image (docs/backup.md says how to go back with a backup)",
  );
}

/** Version of the ClickHouse in an image, which is pulled for it; undefined: it does not tell. */
async function versionOf(image: string): Promise<string | undefined> {
  const ask = [
    "run",
    "--rm",
    "--network",
    "none",
    "--entrypoint",
    "clickhouse",
    image,
    "server",
    "--version",
  ];
  return /\bversion (\d+\.\d+\.\d+\.\d+)/.exec(await docker(...ask).catch(() => ""))?.[1];
}

/** Where the development engine that ClickHouse 25.8.2 has replaced, a ClickHouse 26.7 run in process, kept its users. */
const FORMER_ENGINE_FILE = "access/embedded.json";

/** Stops before the former engine's container goes: its data are newer than what this server reads. */
async function checkImageAndData(
  { dataVolume }: PreflightArgs,
  name: string,
  runningImage: Promise<string>,
): Promise<void> {
  const image = await requireImage(name);
  // A container of this image has data that it reads.
  const running = await runningImage;
  if (running === image) return;
  const volume = await docker("volume", "inspect", "--format", "{{.Name}}", dataVolume).catch(() => "");
  if (volume === "") return;
  const look = ["run", "--rm", "--network", "none", "--volume", `${dataVolume}:/data:ro`];
  const isFormer = await docker(
    ...look,
    "--entrypoint",
    "test",
    image,
    "-e",
    `/data/${FORMER_ENGINE_FILE}`,
  ).then(
    () => true,
    () => false,
  );
  if (!isFormer) return;
  throw new pulumi.RunError(
    `Volume ${dataVolume} was written by the former development engine (ClickHouse 26.7), which ClickHouse ${SERVER_VERSION} cannot read: ` +
      "nothing was changed; `make down` removes that stack with its data, and `make up` builds it anew",
  );
}

async function checkPort(args: PreflightArgs, key: string, port: number): Promise<void> {
  const holders = (await docker("ps", "--filter", `publish=${port}`, "--format", "{{.Names}}")).split("\n");
  if (holders.includes(args.server)) return;
  const holder = holders[0] ? `container ${holders[0]}` : await listenError(args.bindAddress, port);
  if (holder === undefined) return;
  throw new pulumi.RunError(
    `Port ${port} on ${args.bindAddress} is taken by ${holder}: free it (\`ss -ltnp 'sport = :${port}'\` shows who has it), ` +
      `or choose another: pulumi config set zakaz:${key} <port>`,
  );
}

/** Who holds the port, as far as an attempt to listen tells; undefined: it is free. */
function listenError(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "EADDRINUSE" ? "another program" : `an error (${error.code})`),
    );
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}
