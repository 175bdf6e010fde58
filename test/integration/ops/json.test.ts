import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type Server } from "../../support/server";
import { ROOT } from "../../support/stack";
import { declarationWith, newPasswords } from "../access/support";

/** What a program reads: `--json` gives one object on standard output, whatever the exit code, and no secret. */
const passwords = newPasswords();
let server: Server;
let admin: { container: string; url: string; user: string; password: string };

const accessTarget = () => ({ warehouse: admin, logins: declarationWith(passwords).logins, passwords });

function zakaz(args: string[], target?: object): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const command = ["ops/zakaz.cjs", ...args, ...(target === undefined ? [] : ["--target", "-"])];
    const child = execFile("node", command, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(JSON.stringify(target ?? {}));
  });
}

async function answerOf<T>(
  args: string[],
  target?: object,
): Promise<{ code: number; stderr: string; answer: T }> {
  const { code, stdout, stderr } = await zakaz([...args, "--json"], target);
  for (const secret of [admin.password, ...Object.values(passwords)]) {
    expect(stdout + stderr).not.toContain(secret);
  }
  expect(stdout).not.toMatch(/[0-9A-Fa-f]{64}/);
  return { code, stderr, answer: JSON.parse(stdout) as T };
}

beforeAll(async () => {
  server = await startServer();
  admin = { container: "none", url: server.httpUrl, user: "admin", password: server.adminPassword };
  expect(await zakaz(["access", "apply"], accessTarget())).toMatchObject({ code: 0, stderr: "" });
  expect(await zakaz(["schema", "apply"], admin)).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => server?.stop());

describe("--json", () => {
  it("schema diff: nothing, then a difference with its statement and exit code 1", async () => {
    const same = await answerOf(["schema", "diff"], admin);
    expect(same).toMatchObject({ code: 0, answer: { server: "none", differences: [], changes: [] } });
    await server.client(["-q", "ALTER TABLE zakaz.dim_events COMMENT COLUMN city 'by hand'"]);
    const changed = await answerOf<{ differences: object[] }>(["schema", "diff"], admin);
    expect(changed).toMatchObject({
      code: 1,
      stderr: "",
      answer: {
        differences: [{ object: "zakaz.dim_events", aspect: "column city: comment", fix: "in place" }],
        changes: ["zakaz.dim_events: column city: comment"],
      },
    });
    expect((await zakaz(["schema", "apply"], admin)).code).toBe(0);
  });

  it("access diff: nothing, then what differs and exit code 1", async () => {
    const same = await answerOf(["access", "diff"], accessTarget());
    expect(same).toEqual({ code: 0, stderr: "", answer: { differences: [], fixable: 0, left: 0 } });
    await server.client(["-q", "REVOKE SELECT ON bi.v_sales_daily FROM role_bi_reader"]);
    await server.client(["-q", "ALTER USER backup_user IDENTIFIED BY 'somebody-elses'"]);
    await server.client(["-q", "CREATE USER stranger"]);
    const changed = await answerOf<{ differences: { statements: string[] }[] }>(
      ["access", "diff"],
      accessTarget(),
    );
    expect(changed).toMatchObject({ code: 1, answer: { fixable: 2, left: 1 } });
    expect(changed.stderr).toMatch(
      /^zakaz: Access differs from its declaration: 2 to be fixed by .*, 1 for you/,
    );
    expect(changed.answer.differences.flatMap(({ statements }) => statements)).toContain(
      "GRANT SELECT ON bi.v_sales_daily TO role_bi_reader",
    );
    const applied = await zakaz(["access", "apply"], accessTarget());
    expect(applied.stdout.match(/^Fixed: /gm)).toHaveLength(2);
    await server.client(["-q", "DROP USER stranger"]);
  });

  it("access check: every cell", async () => {
    const checked = await answerOf<{ cells: { right: boolean }[] }>(["access", "check"], accessTarget());
    expect(checked).toMatchObject({ code: 0, stderr: "", answer: { wrong: 0 } });
    expect(checked.answer.cells.length).toBeGreaterThan(80);
    expect(checked.answer.cells.every(({ right }) => right)).toBe(true);
  });

  it("check-reader: every query", async () => {
    const reader = { url: admin.url, user: "datalens_reader", password: passwords["datalens_reader"] };
    const checked = await answerOf<{ queries: unknown[] }>(["check-reader"], reader);
    expect(checked).toMatchObject({
      code: 0,
      stderr: "",
      answer: { user: "datalens_reader", url: admin.url },
    });
    expect(checked.answer.queries).toHaveLength(93);
  });

  it("validate: findings and counts", async () => {
    const { code, answer } = await answerOf(["validate"]);
    expect({ code, answer }).toMatchObject({ code: 0, answer: { findings: [], counts: { objects: 42 } } });
  });
});
