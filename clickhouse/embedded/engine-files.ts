import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { XMLBuilder } from "fast-xml-parser";
import { sha256Hex } from "../access/hash";
import { paths } from "./paths";

/** The name of the supervisor's own user: it may end queries before a stop, and nothing else. */
export const supervisorUser = "zakaz_supervisor";

/**
 * users.d/zz-engine.xml, the embedded engine's two named exceptions, both loopback only: `default`, as which the engine
 * logs itself in to start listening (it can read nothing), and the supervisor's user with a password of this start.
 */
export function engineUsersXml(supervisorPassword: string): string {
  const local = { networks: { ip: ["127.0.0.1", "::1"] }, profile: "default", quota: "default" };
  return new XMLBuilder({ format: true, indentBy: "  " }).build({
    clickhouse: {
      users: {
        default: { password: "", ...local, grants: { query: "GRANT SYSTEM LISTEN ON *.*" } },
        [supervisorUser]: {
          password_sha256_hex: sha256Hex(supervisorPassword),
          ...local,
          grants: { query: ["GRANT KILL QUERY ON *.*", "GRANT SELECT ON system.processes"] },
        },
      },
    },
  });
}

/**
 * Makes the folders and files the engine expects before each start. The `system` database of this engine lives in
 * memory while the folders of its log tables stay on disk; left there, they would stop the logs ("Directory for table
 * … already exists").
 */
export function prepareEngineFiles(supervisorPassword: string): void {
  for (const folder of ["access", "backups"]) mkdirSync(join(paths.data, folder), { recursive: true });
  rmSync(join(paths.data, "data", "system"), { recursive: true, force: true });
  writeFileSync(join(paths.config, "users.d", "zz-engine.xml"), engineUsersXml(supervisorPassword));
  rmSync(paths.fifo, { force: true });
  execFileSync("mkfifo", [paths.fifo]);
}
