import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startServer } from "../../support/server";
import { NAMES, wholeSql } from "../../support/sql";
import { installWarehouse, type ServerWarehouse } from "../sql/server-warehouse";

/** The three objects whose texts the acceptance of a bootstrap compares, each with its first column. */
const EVIDENCE = [
  ["dim_events", /^event_id +String +/],
  ["fact_qtickets_inventory", /^snapshot_ts +DateTime\('Europe\/Moscow'\) +/],
  ["fact_qtickets_inventory_latest", /^snapshot_ts +DateTime\('Europe\/Moscow'\) +/],
] as const;

let db: ServerWarehouse;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "zt-show-"));
  db = await installWarehouse(await startServer());
});
afterAll(async () => {
  await db?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `zakaz schema show` as an operator does, with the target on standard input. */
function show(
  args: string[],
  { server }: Pick<ServerWarehouse, "server">,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const target = {
    container: "none",
    url: server.httpUrl,
    user: "admin",
    password: server.adminPassword,
  };
  return new Promise((resolve) => {
    const command = ["ops/zakaz.cjs", "schema", "show", ...args, "--target", "-"];
    const child = execFile("node", command, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(JSON.stringify(target));
  });
}

const saved = (name: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, name)).map((file) => [file, readFileSync(join(folder, name, file), "utf8")]),
  );

it("saves what the server says of every object: the same after a second bootstrap, and on a second server", async () => {
  const first = await show(["--out", join(folder, "first")], db);
  expect(first).toEqual({
    code: 0,
    stdout: `42 objects described in ${join(folder, "first")}\n`,
    stderr: "",
  });
  const texts = saved("first");
  expect(Object.keys(texts).sort()).toEqual(
    Object.entries(NAMES)
      .flatMap(([database, names]) => names.map((name) => `${database}.${name}.txt`))
      .sort(),
  );

  await db.install();
  await show(["--out", join(folder, "again")], db);
  expect(saved("again")).toEqual(texts);

  const other = await startServer();
  try {
    expect((await other.client(["--multiquery"], wholeSql())).code).toBe(0);
    await show(["--out", join(folder, "other")], { server: other });
    expect(saved("other")).toEqual(texts);
  } finally {
    await other.stop();
  }
});

it.each(EVIDENCE)("shows %s alone: its statement and its columns", async (name, firstColumn) => {
  const { code, stdout } = await show([`zakaz.${name}`], db);
  expect(code).toBe(0);
  const [create, describe] = stdout.split(`\n\nDESCRIBE TABLE zakaz.${name}\n`);
  expect(create).toMatch(
    new RegExp(
      `^SHOW CREATE TABLE zakaz\\.${name}\\nCREATE TABLE zakaz\\.${name}\\n\\(\\n[^]*\\n\\)\\nENGINE = ReplacingMergeTree`,
    ),
  );
  expect(describe).toMatch(firstColumn);
  expect(describe!.trim().split("\n").at(-1)).toMatch(
    /^_loaded_at +DateTime\('Europe\/Moscow'\) +DEFAULT now\(\) +\w/,
  );
});

it("says which object is not there", async () => {
  expect(await show(["zakaz.nothing"], db)).toEqual({
    code: 2,
    stdout: "",
    stderr:
      "zakaz: There is no zakaz.nothing on the server: npx zakaz schema show without a name lists all that is\n",
  });
});
