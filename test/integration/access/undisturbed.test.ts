import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programOf } from "../../../clickhouse/local-server";
import { applyAccess } from "../../../warehouse/access/apply";
import type { Warehouse } from "../../../warehouse/client";
import { QueryLoop } from "../../support/query-loop";
import { type Server, startServer } from "../../support/server";
import { COUNTS } from "../../support/soak";
import { declarationWith, newPasswords, warehouseOf } from "./support";

const APPLIES = 50;

describe.each(COUNTS.versions)("applying what is there already, on ClickHouse %s", (version) => {
  const passwords = newPasswords();
  const declaration = declarationWith(passwords);
  let server: Server;
  let access: Warehouse;
  beforeAll(async () => {
    server = await startServer({ version });
    access = warehouseOf(server);
    await applyAccess(access, declaration);
  });
  afterAll(async () => {
    await access?.close();
    await server?.stop();
  });

  /** One session of the native protocol that asks again and again; ends with the first failure. */
  function nativeSession(user: string): { stop: () => Promise<{ code: number; said: string }> } {
    const target = ["--host=127.0.0.1", `--port=${server.nativePort}`, `--user=${user}`];
    const child = spawn(programOf(), ["benchmark", ...target, "--delay=0"], {
      env: { ...process.env, CLICKHOUSE_PASSWORD: passwords[user] },
      stdio: ["pipe", "ignore", "pipe"],
    });
    const ended = Promise.all([once(child, "exit"), text(child.stderr)]);
    child.stdin.end("SELECT sleep(0.02)\n");
    return {
      stop: async () => {
        child.kill("SIGINT");
        const [exit, said] = await ended;
        return { code: exit[0] as number, said };
      },
    };
  }

  it(`disturbs no query and no session in ${APPLIES} times, of those whose hash it sets neither`, async () => {
    const loops = ["etl_writer", "datalens_reader"].map(
      (user) => new QueryLoop(server.httpUrl, user, passwords[user]!, "SELECT 1"),
    );
    const session = nativeSession("etl_writer");
    const asked = () =>
      server.sql<{ n: number; ports: number }>(
        "SELECT count() AS n, uniqExact(port) AS ports FROM system.query_log " +
          "WHERE user = 'etl_writer' AND interface = 1 AND type = 'QueryFinish' SETTINGS output_format_json_quote_64bit_integers = 0",
      );
    const sent = new Set<string>();
    for (let i = 0; i < APPLIES; i++) {
      const { fixed } = await applyAccess(access, declaration, [], (_fixed, statements, work) => {
        for (const statement of statements) sent.add(statement.split(" ").slice(0, 3).join(" "));
        return work();
      });
      expect(fixed).toEqual([]);
    }
    const figures = await Promise.all(loops.map((loop) => loop.stop()));
    const native = await session.stop();

    expect([...sent]).toEqual([
      "ALTER USER etl_writer",
      "ALTER USER datalens_reader",
      "ALTER USER backup_user",
      "ALTER USER zakaz_monitor",
    ]);
    for (const { queries, failed, reasons } of figures) {
      expect({ failed, reasons }).toEqual({ failed: 0, reasons: "" });
      expect(queries).toBeGreaterThan(APPLIES);
    }
    expect(native.code, native.said).toBe(0);
    await server.sql("SYSTEM FLUSH LOGS");
    const [log] = await asked();
    // All over one connection: none was cut and made anew.
    expect(log).toEqual({ n: expect.any(Number) as number, ports: 1 });
    expect(log!.n).toBeGreaterThan(APPLIES);
  });
});
