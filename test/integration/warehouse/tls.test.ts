import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Warehouse, withWarehouse } from "../../../warehouse/client";
import { StatementFailure, Unreachable } from "../../../warehouse/failure";
import type { WarehouseTarget } from "../../../warehouse/target";
import { startServer, type Server } from "../../support/server";
import { ROOT, run } from "../../support/stack";

/** A server elsewhere: https, a certificate that no public authority has signed, and none speaks who shows no certificate. */
const folder = mkdtempSync(join(tmpdir(), "zt-tls-"));
const pem = (name: string) => readFileSync(join(folder, name), "utf8");
let server: Server;
let target: WarehouseTarget;

const ask = (over: Partial<WarehouseTarget> = {}) =>
  withWarehouse(new Warehouse({ ...target, ...over }), (warehouse) =>
    warehouse.rows("SELECT currentUser() AS user, toUInt64(1) AS one"),
  );

beforeAll(async () => {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const address = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"];
  for (const name of ["server", "client"]) {
    const files = ["-keyout", `${name}.key`, "-out", `${name}.crt`];
    execFileSync("openssl", ["req", "-x509", ...key, ...address, ...files], { cwd: folder, stdio: "pipe" });
  }
  const settings = `<clickhouse><https_port>0</https_port><openSSL><server>
    <certificateFile>${folder}/server.crt</certificateFile><privateKeyFile>${folder}/server.key</privateKeyFile>
    <caConfig>${folder}/client.crt</caConfig><verificationMode>strict</verificationMode>
  </server></openSSL></clickhouse>`;
  server = await startServer({ files: { "config.d/zz-tls.xml": settings } });
  const [, url] = /Listening for (https:\S+)/.exec(readFileSync(join(server.folder, "console.log"), "utf8"))!;
  const tls = { ca: pem("server.crt"), cert: pem("client.crt"), key: pem("client.key") };
  target = { url: url!, tls, user: "admin", password: server.adminPassword };
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

describe("a server that speaks https", () => {
  it("answers a user with a password and a certificate", async () => {
    expect(await ask()).toEqual([{ user: "admin", one: 1 }]);
  });

  it("is believed without an authority when that is asked for", async () => {
    const { cert, key } = target.tls!;
    expect(await ask({ tls: { cert, key, rejectUnauthorized: false } })).toEqual([{ user: "admin", one: 1 }]);
  });

  it("is not believed otherwise, and does not answer whoever shows no certificate", async () => {
    const { ca, cert, key } = target.tls!;
    const stranger = await ask({ tls: { cert, key } }).catch((error: unknown) => error);
    expect(stranger).toBeInstanceOf(Unreachable);
    const said = `ClickHouse does not answer at ${target.url} (self-signed certificate`;
    expect((stranger as Error).message.startsWith(said)).toBe(true);
    expect((stranger as Error).message).not.toContain("docker");
    await expect(ask({ tls: { ca } })).rejects.toBeInstanceOf(Unreachable);
  });

  it("refuses a wrong password in one sentence without it", async () => {
    const refused = await ask({ password: "quite-another" }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StatementFailure);
    expect(refused).toMatchObject({ code: 516, type: "AUTHENTICATION_FAILED" });
    expect((refused as Error).message).toMatch(/^ClickHouse says 516 AUTHENTICATION_FAILED: admin: /);
    expect((refused as Error).message).not.toContain("quite-another");
  });

  it("is one for the commands too, which name it by its address", async () => {
    const command = ["ops/zakaz.cjs", "schema", "diff", "--json", "--target", "-"];
    const { stdout } = await run("node", command, { cwd: ROOT, input: JSON.stringify(target) });
    expect(JSON.parse(stdout)).toMatchObject({ server: target.url });
    expect(stdout).not.toContain(server.adminPassword);
  });
});
