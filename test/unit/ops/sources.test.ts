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

const containerThatIs = (status: string, health: string) =>
  JSON.stringify([{ State: { Status: status, Health: { Status: health } } }]);

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
      response.end(sql.includes("system.columns") ? "2\n" : sql.startsWith("SELECT count()") ? "7\n" : "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  writeFileSync(join(folder, "outputs"), JSON.stringify(stackOutputs(url())));
  writeFileSync(join(folder, "container"), containerThatIs("running", "healthy"));
  stubProgram(folder, "pulumi", `cat "${folder}/outputs"`);
  stubProgram(
    folder,
    "docker",
    `case "$1" in
  run) echo "$*" >"${folder}/run"; env >"${folder}/environment"; cat >"${folder}/input"; echo "a line of the loader"; cat "${folder}/says" >&2 2>/dev/null; exit "$(cat "${folder}/ends" 2>/dev/null || echo 0)" ;;
  image) echo "2030-01-01T00:00:00Z"; test ! -e "${folder}/no-image" || { echo "No such image: $5" >&2; exit 1; } ;;
  container) echo >>"${folder}/looks"; cat "${folder}/container-$(wc -l <"${folder}/looks")" 2>/dev/null || cat "${folder}/container" ;;
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
    expect(stderr).toBe(
      "zakaz: unknown option '--since-hours'; npx zakaz load --help shows what it takes; flags of the loader stand after --: npx zakaz load qtickets_api -- --since-hours 48\n",
    );
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

describe("zakaz load where Docker cannot run it", () => {
  it("names an image that is gone, and starts nothing", async () => {
    writeFileSync(join(folder, "no-image"), "");
    const { code, stderr } = await zakaz(["load"]);
    expect(stderr).toBe(
      "zakaz: The loader's image is not to be had (No such image: sha256:i): make up builds it\n",
    );
    expect(code).toBe(1);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });

  const next = "npx zakaz status shows what is there, make up brings back what is missing";
  it.each([
    [
      "125",
      "docker: Error response from daemon: network n not found.\nSee 'docker run --help'.\n",
      `Docker could not start the loader (Error response from daemon: network n not found): ${next}`,
    ],
    [
      "137",
      "",
      `The loader was ended from outside (code 137), by hand or because its memory was used up: ${next}`,
    ],
  ])("says what code %s means, and exits 1", async (ends, says, sentence) => {
    writeFileSync(join(folder, "ends"), ends);
    writeFileSync(join(folder, "says"), says);
    const { code, stderr } = await zakaz(["load"]);
    expect(stderr).toBe(`${says}zakaz: ${sentence}\n`);
    expect(code).toBe(1);
  });
});

describe("zakaz smoke", () => {
  const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

  it("runs dry under a run id of its own, and reads the journal before and after", async () => {
    writeFileSync(join(folder, "says"), "a line of the log\n");
    const { code, stdout, stderr } = await zakaz(["smoke"]);
    expect(code, stderr).toBe(0);
    expect(program()).toMatch(new RegExp(`^qtickets_api --envfile - --dry-run --run-id ${UUID}$`));
    const counts = queries.filter((sql) => sql.startsWith("SELECT count()"));
    expect(counts).toEqual(
      Array(2).fill("SELECT count() FROM zakaz.meta_job_runs WHERE job = 'qtickets_api'"),
    );
    expect(stdout).toMatch(
      new RegExp(
        `^Server c is healthy\\.\nImage sha256:i, built 2030-01-01T00:00:00Z\\.\na line of the log\na line of the loader\n` +
          `Exit code 0; run ${UUID} has no row\\.\nmeta_job_runs: 7 rows before and after\\. Smoke passed\\.\n$`,
      ),
    );
  });

  it("ends with the code of a dry run that fails, and shows the end of its log", async () => {
    writeFileSync(join(folder, "ends"), "2");
    writeFileSync(join(folder, "says"), "1\n2\n3\n4\n5\nSettings are wrong\n");
    const { code, stderr } = await zakaz(["smoke", "qtickets_api"]);
    expect(code).toBe(2);
    expect(stderr).toBe("zakaz: The loader's dry run ended with code 2:\n2\n3\n4\n5\nSettings are wrong\n");
  });

  it("waits for a server that starts", async () => {
    writeFileSync(join(folder, "container-1"), containerThatIs("running", "starting"));
    writeFileSync(join(folder, "container-2"), containerThatIs("restarting", "unhealthy"));
    const { code, stderr } = await zakaz(["smoke"]);
    expect(stderr).toBe("zakaz: waiting until c is healthy\n");
    expect(code).toBe(0);
    expect(read("looks")).toBe("\n\n\n");
  });

  it.each([
    ["exited", "start it with docker start c, or make up"],
    ["paused", "docker unpause c"],
  ])("does not wait for a server whose container is %s", async (status, advice) => {
    writeFileSync(join(folder, "container"), containerThatIs(status, ""));
    const { code, stderr } = await zakaz(["smoke"]);
    expect(stderr).toBe(`zakaz: ClickHouse's container c is ${status}: ${advice}\n`);
    expect(code).toBe(1);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });

  const envFile = (...lines: string[]) => {
    const path = join(folder, "old.env");
    writeFileSync(path, ["# of old", "CH_HOST=ch-zakaz", ...lines, ""].join("\r\n"));
    return path;
  };

  // Node reads what stands behind --env-file into its own environment first, also under npx.
  it.each(["--envfile", "--env-file"])(
    "takes the settings of a file under their old names by %s, and nothing of the stack's",
    async (flag) => {
      const path = envFile(
        "CH_USER=somebody",
        "CH_PASSWORD=it's $HOME",
        "QTICKETS_API_TOKEN=t",
        "DRY_RUN=TRUE",
      );
      const { code, stderr } = await zakaz(["smoke", flag, path]);
      expect(code, stderr).toBe(0);
      expect(read("environment")).not.toContain("QTICKETS_API_TOKEN");
      expect(read("input").trimEnd().split("\n").sort()).toEqual([
        "CH_HOST=ch-zakaz",
        "CH_PASSWORD=it's $HOME",
        "CH_USER=somebody",
        "CLICKHOUSE_PASSWORD=it's $HOME",
        "CLICKHOUSE_USER=somebody",
        "DRY_RUN=TRUE",
        "QTICKETS_API_TOKEN=t",
      ]);
      expect(read("run")).not.toContain("HOME");
    },
  );

  const advice = "a smoke runs dry only; set";
  it.each([
    [
      ["CH_PASSWORD=p", "DRY_RUN=false"],
      `DRY_RUN is not true in FILE: ${advice} DRY_RUN=true, or load with npx zakaz load`,
    ],
    [
      ["CH_PASSWORD=p", "DRY_RUN=1"],
      `DRY_RUN is not true in FILE: ${advice} DRY_RUN=true, or load with npx zakaz load`,
    ],
    [
      ["CH_PASSWORD=p", "QTICKETS_DRY_RUN=no"],
      `QTICKETS_DRY_RUN is not true in FILE: ${advice} QTICKETS_DRY_RUN=true, or load with npx zakaz load`,
    ],
    [
      ["DRY_RUN=true"],
      "FILE: Settings are wrong: CLICKHOUSE_PASSWORD is missing: set it to the password of the loader's user.",
    ],
    [
      ["CH_PASSWORD=p", "CLICKHOUSE_DB=zakaz_test"],
      "FILE: CLICKHOUSE_DB must be zakaz, the stack's database",
    ],
    [["CH_PASSWORD=p", "export"], "FILE: line 4 is not of the form NAME=value"],
  ])("refuses a file with %j", async (lines, sentence) => {
    const path = envFile(...lines);
    const { code, stderr } = await zakaz(["smoke", "--envfile", path]);
    expect(stderr).toBe(`zakaz: ${sentence.replace("FILE", path)}\n`);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });

  it("names a file that is not there", async () => {
    const { code, stderr } = await zakaz(["smoke", "--envfile", "none.env"]);
    expect(stderr).toBe("zakaz: none.env cannot be read (ENOENT): name a file of settings with --envfile\n");
    expect(code).toBe(2);
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
