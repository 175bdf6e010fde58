import { createServer, type Server } from "node:http";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceOf } from "../../../loaders/sources";
import { loaderTargetOf } from "../../../ops/stack";
import { stackOutputs, stubProgram, zakaz as run } from "./support";

/**
 * What `load`, `smoke` and `import` do with the sources of a stack: `pulumi` and `docker` are scripts, the server
 * answers with rows of its own. Not proved here: image and server (test/integration/loaders/dry-run.test.ts, test/e2e).
 */
let folder: string;
let server: Server;
let queries: string[];

const read = (name: string) => readFileSync(join(folder, name), "utf8");
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const zakaz = (args: string[], input = "") =>
  run(args, { input, env: { PATH: `${folder}${delimiter}${process.env["PATH"]}` } });

/** The image and what follows it on the command line of `docker run`. */
const program = () => read("run").trim().split(" sha256:i ")[1];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zakaz-sources-"));
  queries = [];
  server = createServer((request, response) => {
    let sql = "";
    request.on("data", (chunk: Buffer) => (sql += chunk.toString()));
    request.on("end", () => {
      queries.push(sql);
      response.end("7\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  writeFileSync(join(folder, "outputs"), JSON.stringify(stackOutputs(url())));
  stubProgram(folder, "pulumi", `cat "${folder}/outputs"`);
  stubProgram(
    folder,
    "docker",
    `case "$1" in
  run) echo "$*" >"${folder}/run"; cat >"${folder}/input"; echo "a line of the loader"; exit "$(cat "${folder}/ends" 2>/dev/null || echo 0)" ;;
esac`,
  );
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe("zakaz load", () => {
  it.each([
    [[], ""],
    [["qtickets_api"], ""],
    [["--", "--since-hours", "48"], " --since-hours 48"],
    [["qtickets_api", "--", "--since-hours", "48", "--dry-run"], " --since-hours 48 --dry-run"],
    [["--", "--help"], " --help"],
  ])("%j names the job to the image and hands flags on", async (args, flags) => {
    const { code, stdout, stderr } = await zakaz(["load", ...args]);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("a line of the loader\n");
    expect(program()).toBe(`qtickets_api --envfile -${flags}`);
    expect(read("input")).toBe("CLICKHOUSE_USER=etl_writer\nCLICKHOUSE_PASSWORD=secret of the loader\n");
    expect(read("run")).not.toContain("secret");
  });

  it("takes the loader's flags after -- only", async () => {
    const { code, stderr } = await zakaz(["load", "--since-hours", "48"]);
    expect(stderr).toBe("error: unknown option '--since-hours'\n");
    expect(code).toBe(2);
  });

  it("takes its target from standard input", async () => {
    const { loaderTargets } = stackOutputs(url());
    writeFileSync(join(folder, "outputs"), "nothing");
    const { code, stderr } = await zakaz(
      ["load", "qtickets_api", "--target", "-", "--", "--dry-run"],
      JSON.stringify(loaderTargets["qtickets_api"]),
    );
    expect(code, stderr).toBe(0);
    expect(program()).toBe("qtickets_api --envfile - --dry-run");
  });

  it.each([
    [1, "The load ended with code 1; the last line of the loader says why"],
    [
      3,
      "The load is partial: what could be read is loaded, the last lines of the loader say what is missing; `npx zakaz load` or `pulumi up` tries again",
    ],
    [4, "The load ended with code 4; the last line of the loader says why"],
  ])("ends with the loader's exit code %i", async (ends, sentence) => {
    writeFileSync(join(folder, "ends"), String(ends));
    const { code, stderr } = await zakaz(["load"]);
    expect(code).toBe(ends);
    expect(stderr).toBe(`zakaz: ${sentence}\n`);
  });
});

describe("a source that the stack has not", () => {
  const stack = { loaderTargets: {} };
  const source = { ...sourceOf("qtickets_api")!, job: "vk_ads", title: "VK Ads" };

  it("is named with the key that switches it on", () => {
    expect(() => loaderTargetOf(stack, { ...source, switch: { key: "vkAds", about: "" } })).toThrow(
      "VK Ads is not switched on in the selected stack: pulumi config set zakaz:vkAds true, then pulumi up",
    );
  });

  it("is new to a stack of before, when every stack has it", async () => {
    writeFileSync(join(folder, "outputs"), JSON.stringify(stackOutputs(url(), ["plan"])));
    const { code, stderr } = await zakaz(["load"]);
    expect(stderr).toBe(
      "zakaz: The selected stack knows no loader of qtickets_api yet: bring it up to date with make up\n",
    );
    expect(code).toBe(2);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });
});

describe("zakaz smoke", () => {
  it("runs dry and compares the journal of the job", async () => {
    const { code, stdout, stderr } = await zakaz(["smoke"]);
    expect(code, stderr).toBe(0);
    expect(program()).toBe("qtickets_api --envfile - --dry-run");
    const counted = [
      "SELECT count() FROM system.columns WHERE database = 'zakaz' AND table = 'meta_job_runs'",
      "SELECT count() FROM zakaz.meta_job_runs WHERE job = 'qtickets_api'",
    ];
    expect(queries).toEqual([...counted, ...counted]);
    expect(stdout).toBe("a line of the loader\nmeta_job_runs: 7 rows before and after. Smoke passed.\n");
  });

  it("fails when the run does", async () => {
    writeFileSync(join(folder, "ends"), "3");
    const { code, stderr } = await zakaz(["smoke", "qtickets_api"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^zakaz: The loader's dry run ended with code 3:\n/);
  });
});

describe("zakaz import", () => {
  it.each([[["import", "plan"]], [["plan"]]])("%j sends settings, a line ---, the file", async (command) => {
    const file = join(folder, "plan.csv");
    writeFileSync(file, "sales_date,plan_tickets\n2030-01-31,10\n");
    const { code, stderr } = await zakaz([...command, file, "--skip-bad", "--dry-run"]);
    expect(code, stderr).toBe(0);
    expect(program()).toBe("plan - --envfile - --skip-bad --dry-run");
    expect(read("input")).toBe(
      "CLICKHOUSE_USER=etl_writer\nCLICKHOUSE_PASSWORD=secret of the loader\n---\n" + read("plan.csv"),
    );
    writeFileSync(join(folder, "ends"), "3");
    const partial = await zakaz([...command, file]);
    expect(program()).toBe("plan - --envfile -");
    expect(partial.stderr).toBe("zakaz: The file was imported without the lines named above\n");
    expect(partial.code).toBe(3);
  });

  it("names the job of the file", async () => {
    const { code, stderr } = await zakaz([
      "import",
      "yandex_direct",
      "loaders/direct/example.csv",
      "--dry-run",
    ]);
    expect(code, stderr).toBe(0);
    expect(program()).toBe("yandex_direct - --envfile - --dry-run");
    expect(read("input")).toBe(
      "CLICKHOUSE_USER=etl_writer\nCLICKHOUSE_PASSWORD=secret of the loader\n---\n" +
        readFileSync(join(__dirname, "../../../loaders/direct/example.csv"), "utf8"),
    );
  });
});
