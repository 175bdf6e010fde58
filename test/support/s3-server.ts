import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { s3Storage, type S3Storage } from "../../warehouse/backup/place";
import { reservePort } from "./ports";
import { ROOT } from "./stack";

/** What `toolchain/setup storage` installs. */
export const S3_PROGRAM = join(ROOT, ".zakaz/bin/versitygw");
const BUCKET = "backups";
const ANSWERS_WITHIN_MS = 30_000;

/**
 * An S3 server of its own (`toolchain/setup storage`), which checks signatures. Its objects are files, so that a test can
 * look at them and damage them.
 */
export class S3Server {
  private child: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), "zakaz-s3-"));

  private constructor(
    private readonly address: string,
    private readonly port: number,
    private readonly keyId: string,
    private readonly secret: string,
  ) {
    for (const name of ["data", `data/${BUCKET}`, "attributes"]) mkdirSync(join(this.folder, name));
  }

  /** Starts it with one empty bucket, on an address of this host. */
  static async start(address = "127.0.0.1"): Promise<S3Server> {
    const [keyId, secret] = [`key${randomBytes(6).toString("hex")}`, randomBytes(20).toString("hex")];
    const server = new S3Server(address, await reservePort(), keyId, secret);
    await server.start();
    return server;
  }

  /** What a stack would know of it: a part of the bucket, with the key. */
  storage(prefix: string): S3Storage {
    const endpoint = `http://${this.address}:${this.port}`;
    const { keyId, secret } = this;
    return s3Storage.parse({ endpoint, bucket: BUCKET, prefix, keyId, secret, allowHttp: true });
  }

  /** Where the objects under a prefix lie. */
  folderOf(prefix: string): string {
    return join(this.folder, "data", BUCKET, prefix);
  }

  /** Starts it, also again after `kill`. */
  async start(): Promise<void> {
    const places = ["--sidecar", join(this.folder, "attributes"), join(this.folder, "data")];
    const options = ["--quiet", "--port", `${this.address}:${this.port}`, "posix", ...places];
    // The kernel ends it with this process.
    this.child = spawn("setpriv", ["--pdeathsig", "KILL", S3_PROGRAM, ...options], {
      env: { ...process.env, ROOT_ACCESS_KEY_ID: this.keyId, ROOT_SECRET_ACCESS_KEY: this.secret },
      stdio: "ignore",
    });
    for (
      const giveUpAt = Date.now() + ANSWERS_WITHIN_MS;
      !(await listens(this.address, this.port));
      await sleep(20)
    ) {
      if (this.child.exitCode === null && Date.now() < giveUpAt) continue;
      throw new Error(`${S3_PROGRAM} does not start: toolchain/setup storage installs it`);
    }
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends it and removes its objects. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function listens(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
