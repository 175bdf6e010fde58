import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { LocalServerOptions } from "../../../clickhouse/local-server";
import type { Container } from "../../../ops/container";
import { diagnoseStack } from "../../../ops/diagnosis/diagnose";
import type { StackOutputs } from "../../../ops/stack";
import { startSandbox, type Sandbox } from "../../../sandbox/qtickets/sandbox";
import { applyAccess } from "../../../warehouse/access/apply";
import { users } from "../../../warehouse/catalogue";
import { Warehouse } from "../../../warehouse/client";
import { applySchema } from "../../../warehouse/schema/apply";
import { startServer, type Server } from "../../support/server";
import { reservePort } from "../../support/ports";
import { declarationWith, newPasswords } from "../access/support";
import { runInProcess, type InProcessResult } from "../loaders/in-process";
import { stackOutputs, stubProgram, zakaz, type Ended } from "../../unit/ops/support";

/** What Docker says of a server that is well. */
export const RUNNING: Container = {
  status: "running",
  health: "healthy",
  outOfMemory: false,
  exitCode: 0,
  memory: 4096,
};

/**
 * An operator's desk: a real server with schema and access as `up` makes them, a sandbox, the loader of Qtickets; `pulumi` and
 * `docker` are scripts that say what a stack of them would.
 */
export class Desk {
  readonly passwords = newPasswords();
  private readonly folder = mkdtempSync(join(tmpdir(), "zakaz-desk-"));
  private readonly quarantine = mkdtempSync(join(tmpdir(), "zakaz-desk-quarantine-"));

  private constructor(
    readonly server: Server,
    readonly sandbox: Sandbox,
  ) {}

  static async start(options: Pick<LocalServerOptions, "files"> = {}): Promise<Desk> {
    const ports = { http: await reservePort(), native: await reservePort() };
    const server = await startServer({ ports, ...options });
    const desk = new Desk(server, await startSandbox({ ordersPerDay: 5, days: 5 }));
    await desk.applyAccess();
    await desk.applySchema();
    return desk;
  }

  /** What `npx zakaz access apply` does. */
  async applyAccess(): Promise<void> {
    await this.asAdmin((warehouse) => applyAccess(warehouse, declarationWith(this.passwords)));
  }

  /** What `npx zakaz schema apply` does. */
  async applySchema(): Promise<void> {
    await this.asAdmin((warehouse) =>
      applySchema(warehouse, { allow: [], force: false, say: () => undefined }),
    );
  }

  async asAdmin<T>(work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
    const { httpUrl: url, adminPassword: password } = this.server;
    const warehouse = new Warehouse({ url, user: users.admin, password });
    return work(warehouse).finally(() => warehouse.close());
  }

  /** Statements by hand, as admin. */
  async byHand(...statements: string[]): Promise<void> {
    await this.asAdmin(async (warehouse) => {
      for (const statement of statements) await warehouse.command(statement);
    });
  }

  /** What `pulumi stack output` says. */
  get stack(): StackOutputs {
    const { httpUrl: url, adminPassword } = this.server;
    const outputs = stackOutputs(url, ["qtickets_api", "plan"]);
    const settings = {
      CLICKHOUSE_USER: users.loader,
      CLICKHOUSE_PASSWORD: this.passwords[users.loader]!,
    };
    const warehouseTarget = { url, container: "ch-zakaz", user: users.admin, password: adminPassword };
    return {
      ...outputs,
      container: "ch-zakaz",
      loaderTargets: Object.fromEntries(
        Object.entries(outputs.loaderTargets).map(([job, target]) => [job, { ...target, settings }]),
      ),
      readerTarget: { url, user: users.reader, password: this.passwords[users.reader]! },
      warehouseTarget,
      accessTarget: {
        warehouse: warehouseTarget,
        logins: declarationWith(this.passwords).logins,
        passwords: {},
      },
    };
  }

  /** A run of the real loader in this process. */
  load(more: Record<string, string> = {}, stop?: AbortController): Promise<InProcessResult> {
    return runInProcess(
      {
        QTICKETS_TOKEN: this.sandbox.token,
        QTICKETS_BASE_URL: this.sandbox.url,
        QTICKETS_ALLOW_HTTP: "true",
        QTICKETS_RATE_PER_SECOND: "0",
        CLICKHOUSE_HOST: "127.0.0.1",
        CLICKHOUSE_PORT: String(this.server.httpPort),
        CLICKHOUSE_PASSWORD: this.passwords[users.loader]!,
        QUARANTINE_DIR: this.quarantine,
        LEASE_SECONDS: "3",
        ...more,
      },
      stop,
    );
  }

  /** Sentences of `diagnose`, of the last ten minutes. */
  async sentences(container = RUNNING): Promise<string[]> {
    const { findings } = await diagnoseStack({ stack: this.stack, container, minutes: 10 });
    return findings.map(({ sentence }) => sentence);
  }

  /** `npx zakaz` as a process of its own; Docker says `container`, Pulumi the outputs of the stack. */
  zakaz(args: string[], container = RUNNING, outputs: string = JSON.stringify(this.stack)): Promise<Ended> {
    writeFileSync(join(this.folder, "outputs"), outputs);
    stubProgram(this.folder, "pulumi", `cat "${this.folder}/outputs"`);
    stubDocker(this.folder, container);
    return zakaz(args, { env: this.environment() });
  }

  /** In which `pulumi` and `docker` are those of the last `zakaz`. */
  environment(): { PATH: string } {
    return { PATH: `${this.folder}${delimiter}${process.env["PATH"]}` };
  }

  async stop(): Promise<void> {
    await this.sandbox.close();
    await this.server.stop();
    for (const folder of [this.folder, this.quarantine]) rmSync(folder, { recursive: true });
  }
}

/** A `docker` that says this of any container. */
function stubDocker(folder: string, { status, health, outOfMemory, exitCode, memory }: Container): void {
  if (status === "absent") {
    const none = "Error response from daemon: No such container: ch-zakaz";
    return stubProgram(folder, "docker", `echo "${none}" >&2; echo '[]'; exit 1`);
  }
  const answer = {
    State: { Status: status, OOMKilled: outOfMemory, ExitCode: exitCode, Health: { Status: health } },
    HostConfig: { Memory: memory * 2 ** 20 },
  };
  stubProgram(folder, "docker", `echo '${JSON.stringify([answer])}'`);
}
