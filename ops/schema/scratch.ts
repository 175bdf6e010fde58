import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Agent, request } from "undici";
import { adminUserXml } from "../../clickhouse/admin-user";
import { ROOT } from "../../images";
import { docker } from "../docker";
import { Failure } from "../failure";
import { Refused } from "./refused";
import { folderOf, ownerLabel, removeDead } from "./scratch-owner";

/** Loopback, and the networks Docker hands out: a request through the published port comes from its gateway. */
const NETWORKS = ["127.0.0.1", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
const CONFIGURATION = "clickhouse";
const HEALTHY_WITHIN_MS = 30_000;
/** Below the number of queries at a time that the profiles of the users allow. */
const CONNECTIONS = 6;
/** Errors come whole, and big numbers as numbers. */
const SETTINGS = { wait_end_of_query: 1, output_format_json_quote_64bit_integers: 0 };
const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Query {
  /** `admin` by default. */
  user?: string;
  /** Settings of this query. */
  settings?: Record<string, string | number>;
  /** Query parameters: values of `{name:Type}`. */
  params?: Record<string, string>;
}

/**
 * An empty ClickHouse of its own: the embedded engine with the server's configuration, in a container that lives as
 * long as this process. Needs no stack and no password, publishes a free port of loopback and keeps data in memory.
 */
export class Scratch {
  /** Password of every user of this engine: random, never shown. */
  private readonly password = randomBytes(18).toString("hex");
  private readonly container = `zakaz-scratch-${process.pid}-${randomBytes(4).toString("hex")}`;
  private url = "";
  private connections = new Agent({ connections: CONNECTIONS });
  private applied = "";
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    spawnSync("docker", ["rm", "-f", "-v", this.container], { stdio: "ignore" });
    rmSync(folderOf(this.container), { recursive: true, force: true });
    this.forgetSignals();
    process.kill(process.pid, signal);
  };

  private constructor() {}

  /**
   * Starts an engine and waits until it answers.
   * @param image the embedded engine's image
   * @throws Failure when it cannot be started
   */
  static async start(image: string): Promise<Scratch> {
    const scratch = new Scratch();
    for (const signal of ENDING_SIGNALS) process.on(signal, scratch.onSignal);
    try {
      await Promise.all([scratch.run(image), removeDead()]);
    } catch (error) {
      await scratch.stop();
      throw error;
    }
    return scratch;
  }

  /**
   * Rows of one statement.
   * @throws Refused
   */
  async rows<T = Record<string, unknown>>(sql: string, query: Query = {}): Promise<T[]> {
    const body = await this.send(sql, { ...query, format: "JSONEachRow" });
    return body
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  }

  /**
   * What the server answers to one statement, as text with tabs.
   * @throws Refused
   */
  async text(sql: string, query: Query = {}): Promise<string> {
    return this.send(sql, { ...query, format: "TabSeparatedWithNamesAndTypes" });
  }

  /**
   * Applies access statements through the container's client (this engine takes them nowhere else), and lets users in
   * that they create locked. Statements that it has applied already are left alone: it starts anew for others.
   * @param users who shall be able to log in
   * @throws Refused with the number of the statement
   */
  async access(statements: string[], users: readonly string[]): Promise<void> {
    const hosts = NETWORKS.map((network) => `IP '${network}'`).join(", ");
    const unlock = `IDENTIFIED WITH sha256_hash BY '${sha256(this.password)}' HOST ${hosts}`;
    const all = [...statements, ...users.map((user) => `ALTER USER ${user} ${unlock}`)];
    const script = all.map((statement) => `${statement};\n`).join("");
    if (script === this.applied) return;
    // The engine starts anew, and would wait for idle connections.
    await this.connections.close();
    this.connections = new Agent({ connections: CONNECTIONS });
    const args = [
      "exec",
      "-i",
      "-e",
      "CLICKHOUSE_PASSWORD",
      this.container,
      "clickhouse-client",
      "--user=admin",
    ];
    const result = await docker([...args, "--multiquery"], script, {
      env: { CLICKHOUSE_PASSWORD: this.password },
    });
    if (result.code !== 0) {
      const [, code, message] =
        /Code: (\d+)\..*?DB::Exception: ([^]*?)\n(?:\(statement|$)/.exec(result.stderr) ?? [];
      const number = /\(statement (\d+), line /.exec(result.stderr)?.[1];
      const text = message?.replace(/^Received from \S+ DB::Exception: /, "") ?? result.stderr.trim();
      throw new Refused(Number(code ?? 0), text, Number(number ?? 1));
    }
    this.applied = script;
  }

  /** Drops the databases, so that another schema can be loaded; users and grants stay. */
  async clear(databases: readonly string[]): Promise<void> {
    for (const database of databases) await this.rows(`DROP DATABASE IF EXISTS ${database} SYNC`);
  }

  /** Removes the container. */
  async stop(): Promise<void> {
    await docker(["rm", "-f", "-v", this.container]);
    await this.connections.destroy();
    this.forgetSignals();
  }

  private forgetSignals(): void {
    for (const signal of ENDING_SIGNALS) process.off(signal, this.onSignal);
  }

  private async run(image: string): Promise<void> {
    const label = ownerLabel();
    const memory = ["--tmpfs", "/var/lib/clickhouse:uid=101,gid=101,mode=0750"];
    const create = [
      "create",
      "--name",
      this.container,
      "--label",
      label,
      "-p",
      "127.0.0.1::8123",
      ...memory,
      image,
    ];
    const created = await docker(create);
    if (created.code !== 0) throw new Failure(`No engine could be started: ${created.stderr.trim()}`);
    await this.copyConfiguration();
    await docker(["start", this.container]);
    await this.waitUntilHealthy();
  }

  /** The files that the stack uploads, and an administrator of this engine's own. */
  private async copyConfiguration(): Promise<void> {
    const folder = folderOf(this.container);
    try {
      const admin = adminUserXml({ passwordSha256Hex: sha256(this.password), networks: NETWORKS });
      mkdirSync(folder, { mode: 0o700 });
      mkdirSync(join(folder, "users.d"));
      writeFileSync(join(folder, "users.d/admin.xml"), admin);
      const files = ["config.d", "users.d"].flatMap((name) =>
        readdirSync(join(ROOT, CONFIGURATION, name)).map((file) => `${name}/${file}`),
      );
      const tar = ["-c", "-C", join(ROOT, CONFIGURATION), ...files, "-C", folder, "users.d/admin.xml"];
      const { stdout } = await promisify(execFile)("tar", tar, { encoding: "buffer" });
      const copied = await docker(["cp", "-", `${this.container}:/etc/clickhouse-server/`], stdout);
      if (copied.code !== 0) throw new Failure(`No engine could be started: ${copied.stderr.trim()}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private async waitUntilHealthy(): Promise<void> {
    const giveUpAt = Date.now() + HEALTHY_WITHIN_MS;
    const port = /:(\d+)$/m.exec((await docker(["port", this.container, "8123/tcp"])).stdout)?.[1];
    this.url = `http://127.0.0.1:${port}/`;
    while (port !== undefined && Date.now() < giveUpAt) {
      if (await this.pings()) return;
      await sleep(10);
    }
    const { stdout, stderr } = await docker(["logs", "--tail", "3", this.container]);
    throw new Failure(`The engine in ${this.container} does not answer:\n${stdout}${stderr}`);
  }

  private async pings(): Promise<boolean> {
    try {
      const { statusCode, body } = await request(`${this.url}ping`, { dispatcher: this.connections });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false;
    }
  }

  private async send(
    sql: string,
    { user = "admin", settings, params, format }: Query & { format: string },
  ): Promise<string> {
    const parameters: Record<string, string | number> = { default_format: format, ...SETTINGS, ...settings };
    for (const [name, value] of Object.entries(params ?? {})) parameters[`param_${name}`] = escaped(value);
    const { statusCode, body } = await request(this.url, {
      dispatcher: this.connections,
      method: "POST",
      query: parameters,
      headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": this.password },
      body: sql,
    });
    const answer = await body.text();
    if (statusCode === 200) return answer;
    const [, code, message] =
      /^Code: (\d+)\. DB::Exception: ([^]*?)(?: \(version [^)]*\))?\s*$/.exec(answer) ?? [];
    throw new Refused(Number(code ?? 0), message ?? answer.trim());
  }
}

/** A parameter's value is read as in a file with tabs. */
function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
