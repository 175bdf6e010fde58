import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { XMLBuilder } from "fast-xml-parser";
import { adminUserXml } from "../../clickhouse/admin-user";
import { readSqlFile, statementsOf } from "./sql";
import { reservePort } from "./ports";

/**
 * A look ahead: ClickHouse 26.7, which no package manager that set-up uses has as a server, out of npm's libchdb. It is
 * `clickhouse local`, told to listen: it plans, stores and answers as a server of that version does, and has no users made
 * by SQL. So it says whether schema, views and queries are ready for that version, and nothing about access.
 */
export interface LookAhead {
  httpUrl: string;
  /** Password of `admin` and of the users of `sql/10_access.sql`. */
  password: string;
  /** Ends it and removes its data. */
  stop: () => Promise<void>;
}

const ANSWERS_WITHIN_MS = 60_000;
const LOOPBACK = ["127.0.0.1"];

/**
 * Calls the library's `clickhouse local` with the arguments behind the first two. It runs until it has read its last file of
 * queries, a pipe that is open until standard input ends, which comes with the end of the test at the latest. Then the folder goes.
 */
const DRIVER = `
import ctypes, os, shutil, sys, threading
library, folder, *rest = sys.argv[1:]
queries, held = os.pipe()
threading.Thread(target=lambda: (sys.stdin.read(), os.close(held))).start()
arguments = [os.fsencode(argument) for argument in ["clickhouse", *rest, f"/dev/fd/{queries}"]]
ctypes.CDLL(library, ctypes.RTLD_GLOBAL).chdb_query_cmdline(len(arguments), (ctypes.c_char_p * (len(arguments) + 1))(*arguments))
shutil.rmtree(folder)
`;

/** Starts ClickHouse 26.7 with the users of `sql/10_access.sql`; waits until it takes queries. */
export async function startLookAhead(): Promise<LookAhead> {
  const folder = mkdtempSync(join(tmpdir(), "zt-look-ahead-"));
  const port = await reservePort();
  const password = randomBytes(9).toString("hex");
  writeConfiguration(folder, password);
  const library = join(
    dirname(createRequire(__filename).resolve("@chdb/lib-linux-x64-gnu/package.json")),
    "libchdb.so",
  );
  const child = spawn("python3", [
    ...["-c", DRIVER, library, folder],
    ...[`--config-file=${folder}/config.xml`, `--path=${folder}/data`],
    ...["--listen_host=127.0.0.1", `--http_port=${port}`],
    ...["--queries-file", join(folder, "start.sql")],
  ]);
  const ended = once(child, "exit");
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const httpUrl = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + ANSWERS_WITHIN_MS;
  while (!(await answers(httpUrl))) {
    if (child.exitCode !== null || Date.now() > giveUpAt) {
      await stop();
      throw new Error(`ClickHouse 26.7 does not start: ${said}`);
    }
    await sleep(20);
  }
  return { httpUrl, password, stop };
}

async function answers(httpUrl: string): Promise<boolean> {
  return fetch(`${httpUrl}/ping`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The repository's users. */
function writeConfiguration(folder: string, password: string): void {
  mkdirSync(join(folder, "users.d"));
  const passwordSha256Hex = createHash("sha256").update(password).digest("hex");
  const files = {
    "start.sql": "SYSTEM START LISTEN HTTP;\n",
    "config.xml": `<clickhouse><users_config>${folder}/users.xml</users_config></clickhouse>\n`,
    "users.xml": usersXml(passwordSha256Hex),
    "users.d/admin.xml": adminUserXml({ passwordSha256Hex, networks: LOOPBACK }),
  };
  cpSync(
    join(__dirname, "../../clickhouse/users.d/admin-profile.xml"),
    join(folder, "users.d/admin-profile.xml"),
  );
  for (const [path, content] of Object.entries(files))
    writeFileSync(join(folder, path), content, { mode: 0o600 });
}

/**
 * Users of `sql/10_access.sql` with their own rights and those of their roles, and with the values of their profiles (not
 * their limits). `default`, as which `clickhouse local` logs itself in, may begin to listen, and nothing else.
 */
function usersXml(passwordSha256Hex: string): string {
  const statements = statementsOf(readSqlFile("10_access.sql").toString());
  const found = (pattern: RegExp) =>
    statements.flatMap((statement) => {
      const [, first, second] = pattern.exec(statement) ?? [];
      return first === undefined ? [] : [[first, second ?? ""] as const];
    });
  const users = found(/^CREATE USER IF NOT EXISTS (\w+)/);
  const rights = found(/^GRANT (.+ ON .+) TO (\w+)$/);
  const roles = found(/^GRANT (\w+) TO (\w+)$/);
  const profileOf = new Map(found(/^ALTER USER (\w+) SETTINGS PROFILE '(\w+)'$/));
  const profiles = found(/^ALTER SETTINGS PROFILE (\w+) SETTINGS\s([^]+)$/).map(
    ([profile, list]) =>
      [
        profile,
        Object.fromEntries([...list.matchAll(/(\w+) = '?(\w+)/g)].map(([, name, value]) => [name, value])),
      ] as const,
  );
  const rightsOf = (user: string) =>
    rights.filter(([, to]) => to === user || roles.some(([role, member]) => role === to && member === user));
  const local = { networks: { ip: LOOPBACK }, quota: "default" };
  return new XMLBuilder({ format: true }).build({
    clickhouse: {
      profiles: { default: "", ...Object.fromEntries(profiles) },
      quotas: { default: "" },
      users: {
        default: {
          password: "",
          profile: "default",
          ...local,
          grants: { query: "GRANT SYSTEM LISTEN ON *.*" },
        },
        ...Object.fromEntries(
          users.map(([user]) => [
            user,
            {
              password_sha256_hex: passwordSha256Hex,
              profile: profileOf.get(user) ?? "default",
              ...local,
              grants: { query: rightsOf(user).map(([right]) => `GRANT ${right}`) },
            },
          ]),
        ),
      },
    },
  });
}
