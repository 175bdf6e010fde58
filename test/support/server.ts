import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { asAdmin, pings, runClient, sqlOverHttp, writeConfiguration, type TestServer } from "./server-common";
import { freePort, ROOT } from "./stack";

/** Versions of which `toolchain/setup servers` installs the whole server: the oldest supported, and an LTS. */
export type ServerVersion = "24.8.4" | "25.8.2";

const launcher = join(__dirname, "server.py");
const answersWithinMs = 60_000;

/**
 * Starts a real ClickHouse server (not the embedded engine: its own access storage, its own client) with the repository's
 * configuration on free ports of loopback, in a folder of its own; waits until it answers.
 */
export async function startServer(version: ServerVersion): Promise<TestServer> {
  const program = join(ROOT, ".zakaz/servers", version);
  if (!existsSync(program)) throw new Error(`ClickHouse ${version} is not here: run toolchain/setup servers`);
  const folder = mkdtempSync(join(tmpdir(), `zt-server-${version}-`));
  const adminPassword = randomBytes(9).toString("hex");
  const [http, tcp] = [await freePort(), await freePort()];
  for (const [path, content] of Object.entries(MAIN_FILES)) writeFileSync(join(folder, path), content);
  writeConfiguration(folder, adminPassword, { "config.d/zz-test.xml": places(folder, http, tcp) });

  const output = openSync(join(folder, "output"), "w");
  const child = spawn("python3", [launcher, program, "server", `--config-file=${folder}/config.xml`], {
    stdio: ["ignore", output, output],
    // Its watchdog would be a second process that nobody here can end.
    env: { ...process.env, CLICKHOUSE_WATCHDOG_ENABLE: "0" },
  });
  closeSync(output);
  const ended = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const giveUpAt = Date.now() + answersWithinMs;
  while (!(await pings(http))) {
    if (child.exitCode !== null || Date.now() > giveUpAt) {
      const said = readFileSync(join(folder, "output"), "utf8").split("\n").slice(-20).join("\n");
      await stop();
      throw new Error(`ClickHouse ${version} does not answer:\n${said}`);
    }
    await sleep(50);
  }

  const httpUrl = `http://127.0.0.1:${http}`;
  const client = [launcher, program, "client", "--host=127.0.0.1", `--port=${tcp}`];
  return {
    httpUrl,
    adminPassword,
    client: (args, stdin) => runClient("python3", [...client, ...asAdmin(args)], adminPassword, stdin),
    sql: (query) => sqlOverHttp(httpUrl, adminPassword, query),
    stop,
  };
}

/** What the official image says in the files that config.d/ and users.d/ are merged into. */
const MAIN_FILES = {
  "config.xml": "<clickhouse/>\n",
  "users.xml": `<clickhouse>
  <profiles><default/></profiles>
  <users><default><password/><networks><ip>::/0</ip></networks></default></users>
  <quotas><default/></quotas>
</clickhouse>
`,
};

/** Everything that the image keeps in fixed places, in the folder instead. Merged last. */
function places(folder: string, http: number, tcp: number): string {
  return `<clickhouse>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${http}</http_port>
  <tcp_port>${tcp}</tcp_port>
  <path>${folder}/data/</path>
  <tmp_path>${folder}/tmp/</tmp_path>
  <user_files_path>${folder}/user_files/</user_files_path>
  <format_schema_path>${folder}/format_schemas/</format_schema_path>
  <user_directories>
    <users_xml><path>${folder}/users.xml</path></users_xml>
    <local_directory><path>${folder}/access/</path></local_directory>
  </user_directories>
  <logger><log>${folder}/server.log</log><errorlog>${folder}/server.err.log</errorlog></logger>
  <storage_configuration><disks><backups><path>${folder}/backups/</path></backups></disks></storage_configuration>
  <backups><allowed_path>${folder}/backups/</allowed_path></backups>
</clickhouse>
`;
}
