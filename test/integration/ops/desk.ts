import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { LocalServerOptions } from "../../../clickhouse/local-server";
import { prepare } from "../../../loaders/qtickets/main";
import { readSettings } from "../../../loaders/qtickets/settings";
import type { Container } from "../../../ops/container";
import type { Finding } from "../../../ops/diagnosis/explain";
import type { Scene } from "../../../ops/diagnosis/read";
import { diagnoseStack } from "../../../ops/diagnosis/diagnose";
import type { StackOutputs } from "../../../ops/stack";
import { startSandbox, type Sandbox } from "../../../sandbox/qtickets/sandbox";
import { applyAccess } from "../../../warehouse/access/apply";
import { passwordKey, users } from "../../../warehouse/catalogue";
import { Warehouse } from "../../../warehouse/client";
import type { StatementFailure } from "../../../warehouse/failure";
import { applySchema } from "../../../warehouse/schema/apply";
import { startServer, type Server } from "../../support/server";
import type { TestServer } from "../../support/server-common";
import { reservePort } from "../../support/ports";
import { declarationWith, newPasswords } from "../access/support";
import { runPrepared, type InProcessResult } from "../loaders/in-process";
import { RUNNING, stackOutputs, stubProgram, zakaz, type Ended } from "../../unit/ops/support";

/**
 * An operator's desk: a real server with schema and access as `up` makes them, a sandbox, the loader of Qtickets; `pulumi` and
 * `docker` are scripts that say what a stack of them would.
 */
export class Desk<OfServer extends TestServer = TestServer> {
  readonly passwords = newPasswords();
  /** Shell script in the place of `docker run`: its arguments are those of the command, its input the settings. */
  dockerRun = "exit 1";
  private readonly folder = mkdtempSync(join(tmpdir(), "zakaz-desk-"));
  private readonly quarantine = mkdtempSync(join(tmpdir(), "zakaz-desk-quarantine-"));

  private constructor(
    readonly server: OfServer,
    readonly sandbox: Sandbox,
  ) {}

  /** On a server of its own, which can be killed and started again. */
  static async start(options: Pick<LocalServerOptions, "files"> = {}): Promise<Desk<Server>> {
    const ports = { http: await reservePort(), native: await reservePort() };
    return Desk.on(await startServer({ ports, ...options }));
  }

  /** On a server, which it stops in the end. What the server has is left to it; an empty one gets all. */
  static async on<OfServer extends TestServer>(server: OfServer): Promise<Desk<OfServer>> {
    const desk = new Desk(server, await startSandbox({ ordersPerDay: 5, days: 5 }));
    const [databases] = await server.sql<{ number: number }>(
      "SELECT toUInt32(count()) AS number FROM system.databases WHERE name = 'zakaz'",
    );
    await desk.applyAccess();
    if (databases?.number === 0) await desk.applySchema();
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
      sandboxContainer: "zakaz-sandbox",
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

  /** A run of the real loader in this process, at a time of the test's choosing. */
  load(more: Record<string, string> = {}, now = Date.now()): Promise<InProcessResult> {
    const settings = readSettings({
      QTICKETS_TOKEN: this.sandbox.token,
      QTICKETS_BASE_URL: this.sandbox.url,
      QTICKETS_ALLOW_HTTP: "true",
      QTICKETS_RATE_PER_SECOND: "0",
      CLICKHOUSE_HOST: "127.0.0.1",
      CLICKHOUSE_PORT: new URL(this.server.httpUrl).port,
      CLICKHOUSE_PASSWORD: this.passwords[users.loader]!,
      QUARANTINE_DIR: this.quarantine,
      LEASE_SECONDS: "3",
      ...more,
    });
    return runPrepared(prepare(settings, { full: false }), settings, { now });
  }

  /** What `diagnose` finds in the last ten minutes. */
  async diagnose({ container = RUNNING, sandbox }: Partial<Scene> = {}): Promise<Finding[]> {
    return (await diagnoseStack({ stack: this.stack, container, sandbox, minutes: 10 })).findings;
  }

  /** A statement as another user over HTTP; answers ClickHouse's code, 0 for done. */
  async ask(user: string, sql: string, password = this.passwords[user]!): Promise<number> {
    const warehouse = new Warehouse({ url: this.server.httpUrl, user, password });
    return warehouse
      .text(sql)
      .then(() => 0)
      .catch((error: unknown) => (error as StatementFailure).code)
      .finally(() => warehouse.close());
  }

  /** `npx zakaz` as a process of its own; Docker says `container`, Pulumi the outputs of the stack. */
  zakaz(args: string[], container = RUNNING, outputs: string = JSON.stringify(this.stack)): Promise<Ended> {
    writeFileSync(join(this.folder, "outputs"), outputs);
    const config = Object.entries(this.passwords).map(([user, value]) => [
      `zakaz:${passwordKey(user)}`,
      { value },
    ]);
    writeFileSync(join(this.folder, "config"), JSON.stringify(Object.fromEntries(config)));
    stubProgram(
      this.folder,
      "pulumi",
      `[ "$1" = config ] && cat "${this.folder}/config" || cat "${this.folder}/outputs"`,
    );
    stubDocker(this.folder, container, this.dockerRun);
    return zakaz(args, { env: this.environment() });
  }

  /** What an operator is advised to type: a command of `zakaz`, or a statement for the server. */
  async type(command: string): Promise<void> {
    const statement = /clickhouse-client .* -q "(.*)"$/.exec(command)?.[1];
    if (statement !== undefined) return this.byHand(statement);
    const { code, stderr } = await this.zakaz(command.replace("npx zakaz ", "").split(" "));
    if (code !== 0) throw new Error(stderr);
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

/** A `docker` that says this of any container, has every image, and runs a script in the place of a container. */
function stubDocker(
  folder: string,
  { status, health, outOfMemory, exitCode, memory, created }: Container,
  run: string,
): void {
  if (status === "absent") {
    const none = "Error response from daemon: No such container: ch-zakaz";
    return stubProgram(folder, "docker", `echo "${none}" >&2; echo '[]'; exit 1`);
  }
  const answer = {
    Created: created,
    State: { Status: status, OOMKilled: outOfMemory, ExitCode: exitCode, Health: { Status: health } },
    HostConfig: { Memory: memory * 2 ** 20 },
  };
  stubProgram(
    folder,
    "docker",
    `case "$1" in
  run) ${run} ;;
  image) echo 2030-01-01T00:00:00Z ;;
  *) echo '${JSON.stringify([answer])}' ;;
esac`,
  );
}
