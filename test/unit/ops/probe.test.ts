import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ProbeReport } from "../../../loaders/pipeline/probe";
import { stackOutputs, stubProgram, zakaz as run } from "./support";

/** What `zakaz probe` makes of what the loader prints; `pulumi` and `docker` are scripts. */
let folder: string;

const read = (name: string) => readFileSync(join(folder, name), "utf8");
const zakaz = (...args: string[]) =>
  run(args, { env: { PATH: `${folder}${delimiter}${process.env["PATH"]}` } });
const program = () => read("run").trim().split(" sha256:i ")[1];

const REPORT: ProbeReport = {
  job: "qtickets_api",
  title: "Qtickets",
  requests: { planned: 20, sent: 21 },
  parts: [
    {
      name: "Qtickets",
      answers: [
        { id: "reach.token", question: "Is it taken?", asked: ["GET"], answer: "yes", evidence: "HTTP 200" },
        {
          id: "page.size",
          question: "Is it honoured?",
          asked: ["GET"],
          answer: "no",
          evidence: "perPage 20",
        },
        { id: "refund.list", question: "Is it there?", asked: [], answer: "unknown", evidence: "none" },
      ],
    },
  ],
  fixture: { job: "qtickets_api", day: "2030-01-15", parts: [] },
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zakaz-probe-"));
  const url = "http://127.0.0.1:1";
  writeFileSync(join(folder, "outputs"), JSON.stringify(stackOutputs(url, ["qtickets_api", "vk_ads"])));
  writeFileSync(join(folder, "report"), JSON.stringify(REPORT));
  stubProgram(folder, "pulumi", `cat "${folder}/outputs"`);
  stubProgram(
    folder,
    "docker",
    `[ "$1" = run ] || exit 0
echo "$*" >"${folder}/run"; cat >"${folder}/input"; cat "${folder}/report"
echo "a line of the loader" >&2; exit "$(cat "${folder}/ends" 2>/dev/null || echo 0)"`,
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

it("asks by the loader's image and prints a line per question", async () => {
  const { code, stdout, stderr } = await zakaz("probe");
  expect(code, stderr).toBe(0);
  expect(program()).toBe("qtickets_api --envfile - --probe");
  expect(read("input")).toBe("CLICKHOUSE_USER=etl_writer\nCLICKHOUSE_PASSWORD=secret of the loader\n");
  expect(read("run")).not.toContain("secret");
  expect(stdout).toBe(
    "yes     reach.token         Is it taken? HTTP 200\n" +
      "no      page.size           Is it honoured? perPage 20\n" +
      "unknown refund.list         Is it there? none\n" +
      "Qtickets: 3 questions by 21 requests: 1 yes, 1 no, 1 unknown.\n",
  );
  expect(stderr).toBe("a line of the loader\n");
});

it("names the account where there are several, and another job", async () => {
  const [part] = REPORT.parts;
  const parts = ["account 1, v2", "account 2, legacy"].map((name) => ({ ...part, name }));
  writeFileSync(join(folder, "report"), JSON.stringify({ ...REPORT, title: "VK Ads", parts }));
  const { code, stdout } = await zakaz("probe", "vk_ads");
  expect(code).toBe(0);
  expect(program()).toBe("vk_ads --envfile - --probe");
  expect(stdout.split("\n").filter((line) => line.startsWith("account"))).toEqual([
    "account 1, v2:",
    "account 2, legacy:",
  ]);
  expect(stdout).toContain("VK Ads: 6 questions by 21 requests: 2 yes, 2 no, 2 unknown.\n");
});

it("is one object by --json, and writes the fixture to its file only", async () => {
  const file = join(folder, "new", "answers.json");
  const { code, stdout, stderr } = await zakaz("probe", "--json", "--fixture", file);
  expect(code, stderr).toBe(0);
  expect(program()).toBe("qtickets_api --envfile - --probe --with-fixture");
  const { fixture, ...rest } = REPORT;
  expect(JSON.parse(stdout)).toEqual(rest);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(fixture);
});

it("ends with the loader's exit code, after the answers that there are", async () => {
  writeFileSync(join(folder, "ends"), "1");
  const file = join(folder, "answers.json");
  const { code, stdout, stderr } = await zakaz("probe", "--fixture", file);
  expect(code).toBe(1);
  expect(stdout).toContain("no      page.size");
  expect(stderr).toBe(
    "a line of the loader\nzakaz: The probe ended with code 1; the last line of the loader says why\n",
  );
  expect(existsSync(file)).toBe(false);
});

it("says so when a loader prints no answers", async () => {
  writeFileSync(join(folder, "report"), "");
  writeFileSync(join(folder, "ends"), "2");
  const { code, stdout, stderr } = await zakaz("probe");
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("zakaz: The probe ended with code 2; the last line of the loader says why\n");
});

it.each([
  ["plan", "zakaz: `plan` has no vendor to ask: npx zakaz probe takes qtickets_api, vk_ads\n"],
  ["recompute", "zakaz: `recompute` has no vendor to ask: npx zakaz probe takes qtickets_api, vk_ads\n"],
  [
    "qtickets",
    "zakaz: There is no source `qtickets`, the nearest is `qtickets_api`; sources are qtickets_api, vk_ads, plan, yandex_direct, recompute\n",
  ],
])("%s has no probe", async (job, sentence) => {
  const { code, stderr } = await zakaz("probe", job);
  expect(stderr).toBe(sentence);
  expect(code).toBe(2);
  expect(existsSync(join(folder, "run"))).toBe(false);
});
