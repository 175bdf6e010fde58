import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { adminUserXml } from "../clickhouse/admin-user";
import { sha256Hex } from "../clickhouse/password-hash";
import { ROOT } from "../images";
import { users } from "../warehouse/catalogue";
import { Warehouse } from "../warehouse/client";
import { Failure, StatementFailure, Unreachable } from "../warehouse/failure";
import { asAdmin } from "../warehouse/queries";
import { docker } from "./docker";
import { lastLines, stopWithUs } from "./loader";
import { parseJson } from "./stack";

/** A request through a published port comes from the gateway of one of Docker's networks. */
const NETWORKS = ["127.0.0.1", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
const ANSWERS_WITHIN_MS = 120_000;
const BACKUPS_PATH = "/backups";

const inspected = z.tuple([
  z.object({
    Image: z.string(),
    Mounts: z.array(z.object({ Name: z.string().optional(), Destination: z.string() })),
    HostConfig: z.object({ Memory: z.number() }),
  }),
]);

export interface LiveServer {
  image: string;
  /** Volume with the backups. */
  backups: string;
  /** Bytes. */
  memory: number;
}

/** What the live server's container is made of. @throws Failure when it is not there or has no volume of backups */
export async function inspectServer(container: string): Promise<LiveServer> {
  const { stdout } = await docker(["container", "inspect", container]);
  const found = inspected.safeParse(parseJson(stdout));
  if (!found.success) throw new Failure(`There is no container ${container}: make up brings it back`);
  const [{ Image: image, Mounts: mounts, HostConfig: limits }] = found.data;
  const backups = mounts.find(({ Destination: path }) => path === BACKUPS_PATH)?.Name;
  if (backups === undefined)
    throw new Failure(`${container} has no volume of backups yet: bring it up to date with make up`);
  return { image, backups, memory: limits.Memory };
}

/**
 * Does work on an empty server of an image, with our configuration, its own admin and the backups to read; then it is gone. It goes
 * too when this process is killed.
 */
export async function withThrowAwayServer<T>(
  container: string,
  live: LiveServer,
  image: string,
  work: (scratch: Warehouse) => Promise<T>,
): Promise<T> {
  const name = `${container}-drill-${randomBytes(4).toString("hex")}`;
  const password = randomBytes(18).toString("hex");
  const release = stopWithUs(name);
  try {
    await must([
      ...["create", "--rm", "--name", name, "--user", "101:101", "--cap-drop", "ALL"],
      ...["--security-opt", "no-new-privileges:true", "--memory", String(live.memory)],
      ...["--volume", `${live.backups}:${BACKUPS_PATH}:ro`, "--publish", "127.0.0.1::8123"],
      ...["--env", "CLICKHOUSE_SKIP_USER_SETUP=1", "--env", "TZ=Europe/Moscow", image],
    ]);
    await must(["cp", "-", `${name}:/etc/clickhouse-server/`], await configuration(password));
    await must(["start", name]);
    const [address] = (await must(["port", name, "8123/tcp"])).trim().split("\n");
    const scratch = new Warehouse({ url: `http://${address}`, user: users.admin, password });
    try {
      await answers(scratch, name);
      return await work(scratch);
    } finally {
      await scratch.close();
    }
  } finally {
    await docker(["rm", "--force", "--volumes", name]);
    release();
  }
}

async function answers(scratch: Warehouse, name: string): Promise<void> {
  for (const giveUpAt = Date.now() + ANSWERS_WITHIN_MS; ; await sleep(200)) {
    try {
      await scratch.text(asAdmin`SELECT 1`);
      return;
    } catch (error) {
      if (!(error instanceof Unreachable) || error instanceof StatementFailure) throw error;
      const { stdout } = await docker(["inspect", "--format", "{{.State.Running}}", name]);
      if (stdout.trim() === "true" && Date.now() < giveUpAt) continue;
      const { stdout: log, stderr } = await docker(["logs", name]);
      throw new Failure(`The throw-away server does not start: ${lastLines(log + stderr, 3)}`, undefined, {
        cause: error,
      });
    }
  }
}

/** Our configuration and the server's own admin, as the archive that `docker cp` takes. */
async function configuration(password: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "zakaz-drill-"));
  try {
    for (const part of ["config.d", "users.d"]) {
      cpSync(join(ROOT, "clickhouse", part), join(folder, part), { recursive: true });
    }
    const admin = adminUserXml({ passwordSha256Hex: sha256Hex(password), networks: NETWORKS });
    writeFileSync(join(folder, "users.d/admin.xml"), admin);
    // Files only: an entry for a folder would take it from the user that the server runs as.
    const list = 'tar -C "$0" -c $(cd "$0" && echo */*)';
    const { stdout } = await promisify(execFile)("sh", ["-c", list, folder], {
      encoding: "buffer",
      maxBuffer: 1 << 24,
    });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function must(args: string[], input: Buffer | string = ""): Promise<string> {
  const { code, stdout, stderr } = await docker(args, input);
  if (code === 0) return stdout;
  throw new Failure(`docker ${args[0]} failed for a throw-away server: ${lastLines(stderr, 1)}`);
}
