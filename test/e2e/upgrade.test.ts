import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleOf } from "../support/soak";
import { dockerLines, run, TestStack } from "../support/stack";

interface Release {
  /** It must install with the packages of the present lock file. */
  commit: string;
  /** Secrets that it does not know. */
  lacks: "monitorPassword"[];
  /** How many volumes its stack has. */
  volumes: number;
}

/**
 * A landed release with data, and then the present tree in its place, as after `git pull`: what an operator has is kept. The newest
 * comes first, and moves when another one has landed; the other is from before backups and alerts.
 */
const RELEASES: Release[] = [
  { commit: "392a2cc", lacks: [], volumes: 4 },
  { commit: "81a6099", lacks: ["monitorPassword"], volumes: 3 },
];

interface Table {
  name: string;
  /** Columns of the release, without those that every load writes anew. */
  columns: string;
  /** Leaves out the snapshots that later loads add. */
  rows: string;
}

/** The tables that hold data, with what the release knows of them. */
async function tablesOfRelease(stack: TestStack): Promise<Table[]> {
  const rows = await stack.sql(
    `SELECT concat(database, '.', table), arrayStringConcat(groupArray(name), ', ') FROM system.columns
     WHERE database = 'zakaz' AND match(table, '^(stg|dim|fact|plan)_') AND NOT match(table, '_latest$') AND name NOT IN ('_ver', '_loaded_at')
     GROUP BY 1 ORDER BY 1`,
  );
  const newest = await stack.sql("SELECT max(snapshot_ts) FROM zakaz.fact_qtickets_inventory");
  return rows.split("\n").map((row) => {
    const [name = "", columns = ""] = row.split("\t");
    const snapshots = columns.split(", ").includes("snapshot_ts");
    return { name, columns, rows: snapshots ? `WHERE snapshot_ts <= '${newest}'` : "" };
  });
}

/** Number of rows and a sum over all of each row, by table. As a tuple: the hash of a row with a NULL would be NULL. */
async function contents(stack: TestStack, tables: Table[]): Promise<string> {
  const sums = tables.map(
    ({ name, columns, rows }) =>
      `SELECT '${name}', count(), sum(cityHash64(tuple(${columns}))) FROM ${name} FINAL ${rows}`,
  );
  return stack.sql(`SELECT * FROM (${sums.join(" UNION ALL ")}) ORDER BY 1`);
}

/** Runs a command in each of these volumes, laid at the working directory; what it says, by volume. */
async function inVolumes(names: string[], command: string): Promise<Record<string, string>> {
  const said = await Promise.all(
    names.map(async (name) => {
      const { stdout } = await run("docker", [
        ...["run", "--rm", "-v", `${name}:/volume`, "-w", "/volume"],
        ...["zakaz/base", "sh", "-c", command],
      ]);
      return [name, stdout.trim()] as const;
    }),
  );
  return Object.fromEntries(said);
}

describe.each(sampleOf(RELEASES))(
  "the present tree over release $commit",
  ({ commit, lacks, ...release }) => {
    const stack = new TestStack(`upg${process.pid}${lacks.length}`, commit);
    let tables: Table[];
    let before: { contents: string; volumes: string[]; runs: number };
    const runs = async () => Number(await stack.sql("SELECT count() FROM zakaz.meta_job_runs FINAL"));
    const volumes = () =>
      dockerLines("volume", "ls", "--filter", `name=${stack.instance}`, "--format", "{{.Name}}");

    beforeAll(async () => {
      const unknown = Object.fromEntries(lacks.map((key) => [key, undefined]));
      await stack.configure({ secrets: unknown, settings: lacks.length > 0 ? { backup: undefined } : {} });
      await stack.up();
      // Rows that no load would bring back.
      const plan = await stack.zakaz("plan", "loaders/sales-plan/example.csv");
      expect(plan.code, plan.stderr).toBe(0);
      tables = await tablesOfRelease(stack);
      before = { contents: await contents(stack, tables), volumes: await volumes(), runs: await runs() };
      // A volume that is made anew under the same name has not got it.
      await inVolumes(before.volumes, "echo of the release >of-the-release");
      expect(before.contents).toMatch(/^zakaz\.plan_sales\t[1-9]/m);
      expect(before.contents).toMatch(/^zakaz\.fact_qtickets_sales_daily\t[1-9]/m);
      stack.copyCheckout();
    });

    afterAll(() => stack.remove());

    it.each(lacks)("asks for the secret that is new, with its command: %s", async (key) => {
      const { stdout, stderr, code } = await stack.pulumi("preview");
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain(
        `zakaz:${key} is not set. Fix it with: pulumi config set --secret zakaz:${key}`,
      );
      await stack.setSecret(key);
    });

    it("replaces and deletes no volume, by its preview", async () => {
      const ofVolumes = (await stack.preview()).filter(({ urn }) =>
        urn.includes("docker:index/volume:Volume"),
      );
      // Another volume may come.
      expect(ofVolumes.filter(({ op }) => op !== "create")).toEqual([]);
    });

    it("comes up, and keeps every row, every volume and every password", async () => {
      await stack.up();
      expect(before.volumes).toHaveLength(release.volumes);
      expect(await inVolumes(before.volumes, "cat of-the-release && rm of-the-release")).toEqual(
        Object.fromEntries(before.volumes.map((volume) => [volume, "of the release"])),
      );
      expect(await contents(stack, tables)).toBe(before.contents);
      expect(await runs()).toBeGreaterThanOrEqual(before.runs);
      const url = `http://127.0.0.1:${stack.httpPort}/?query=SELECT%20count()%20FROM%20bi.v_sales_daily`;
      const headers = {
        "X-ClickHouse-User": "datalens_reader",
        "X-ClickHouse-Key": stack.secrets.datalensPassword,
      };
      expect(Number(await (await fetch(url, { headers })).text())).toBeGreaterThan(0);
    });

    it("is then as declared: nothing to change, in schema, access and stack", async () => {
      for (const command of [
        ["schema", "diff"],
        ["access", "diff"],
      ]) {
        const { code, stdout, stderr } = await stack.zakaz(...command);
        expect(`${command.join(" ")} ${code}`, stdout + stderr).toBe(`${command.join(" ")} 0`);
      }
      expect(await stack.changes()).toEqual([]);
    });

    it("loads", async () => {
      const { code, stderr } = await stack.zakaz("load");
      expect(code, stderr).toBe(0);
      expect(await runs()).toBeGreaterThan(before.runs);
    });

    it("names a key of the configuration that it does not know any more in a sentence", async () => {
      const set = ["config", "set", "zakaz:engineMemory", "2048", "--non-interactive"];
      await run("pulumi", set, { cwd: stack.project, env: stack.env });
      const { code, stdout } = await stack.pulumi("preview");
      expect(code).not.toBe(0);
      expect(stdout).toMatch(
        /zakaz:engineMemory is no key of this program .*Fix it with: pulumi config rm zakaz:engineMemory/,
      );
      expect(stdout).not.toMatch(/\n\s+at /);
    });
  },
);
