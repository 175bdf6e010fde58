import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../../images";

/** What a change must pass, and the target of the Makefile that does it; the target's variables follow it. */
const STAGES = {
  validate: "validate",
  "lint-and-types": "lint",
  "unit-with-coverage": "coverage LEVELS=unit",
  "vk-ads": "vk-ads",
  integration: "integration",
  e2e: "e2e",
  "image-without-cache": "image",
  "smoke-oldest-server": "server-smoke IMAGE=oldest",
  "smoke-pinned-server": "server-smoke IMAGE=prod",
  preview: "preview",
  "acceptance-report": "report",
};

/** What runs every night. */
const NIGHTLY = { soak: "soak SOAK_MINUTES=60" };

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Workflow {
  permissions: Record<string, string>;
  jobs: Record<
    string,
    {
      permissions?: Record<string, string>;
      strategy?: { matrix: { include: { stage: string; target: string }[] } };
      steps: Step[];
    }
  >;
}
interface GitlabJob {
  script?: string | string[];
  artifacts?: { when: string; paths: string[] };
  rules?: object[];
}

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const workflow = (name: string) => parse(read(`.github/workflows/${name}.yml`)) as Workflow;
const action = parse(read(".github/actions/make/action.yml")) as { runs: { steps: Step[] } };
const gitlab = parse(read(".gitlab-ci.yml")) as Record<string, GitlabJob>;

/** Stages of the GitHub workflow with the target each runs, without the commit that a preview compares with. */
function githubStages(): Record<string, string> {
  const { stage, preview } = workflow("ci").jobs;
  const target = preview!.steps.at(-1)!.with!["target"] as string;
  return Object.fromEntries([
    ...stage!.strategy!.matrix.include.map((each) => [each.stage, each.target]),
    ["preview", target.replace(/ BASE=\$\{\{ github\.event\.pull_request\.base\.sha \}\}$/, "")],
  ]) as Record<string, string>;
}

/** The same of the GitLab pipeline: every job that calls make. */
function gitlabStages(): Record<string, string> {
  const calls = Object.entries(gitlab).flatMap(([name, { script }]) =>
    typeof script === "string" && script.startsWith("make ") ? [[name, script.slice("make ".length)]] : [],
  );
  return Object.fromEntries(
    calls.map(([name, call]) => [name, call!.replace(/ BASE=\$CI_MERGE_REQUEST_DIFF_BASE_SHA$/, "")]),
  ) as Record<string, string>;
}

/** Targets of the Makefile; a rule may name several. */
const targets = read("Makefile")
  .split("\n")
  .flatMap((line) => /^([a-z0-9 -]+):.*## /.exec(line)?.[1]?.split(" ") ?? []);

describe("the pipelines", () => {
  it("run every stage, on GitHub and on GitLab, by the same target", () => {
    expect(githubStages()).toEqual(STAGES);
    expect(gitlabStages()).toEqual({ ...STAGES, ...NIGHTLY });
  });

  it("run every night what a change need not wait for", () => {
    const { on, jobs } = parse(read(".github/workflows/soak.yml")) as Workflow & { on: object };
    expect(Object.keys(on)).toContain("schedule");
    expect(jobs["soak"]!.steps.at(-1)!.with!["target"]).toBe(NIGHTLY.soak);
    expect(gitlab["soak"]!.rules).toEqual([{ if: '$CI_PIPELINE_SOURCE == "schedule"' }]);
  });

  it.each(Object.values({ ...STAGES, ...NIGHTLY }))("call a target that is in the Makefile: %s", (call) => {
    expect(targets).toContain(call.split(" ")[0]);
  });

  it("keep what a stage leaves behind, also when it fails", () => {
    const kept = ["reports/", "logs/", ".zakaz/log/", ".zakaz/test/"];
    const upload = action.runs.steps.at(-1) as Step & { if: string };
    expect([upload.if, (upload.with!["path"] as string).trim().split("\n")]).toEqual(["always()", kept]);
    for (const stage of Object.keys({ ...STAGES, ...NIGHTLY })) {
      expect(gitlab[stage]!.artifacts, stage).toMatchObject({ when: "always", paths: kept });
    }
  });

  it("may read the repository and nothing else; what comments on a request runs none of its code", () => {
    const ci = workflow("ci");
    expect(ci.permissions).toEqual({ contents: "read" });
    expect(Object.values(ci.jobs).map(({ permissions }) => permissions)).toEqual([undefined, undefined]);
    const comment = workflow("preview-comment");
    expect(workflow("soak").permissions).toEqual({ contents: "read" });
    expect(comment.permissions).toEqual({});
    expect(comment.jobs["comment"]!.permissions).toEqual({ actions: "read", "pull-requests": "write" });
    const uses = comment.jobs["comment"]!.steps.flatMap((step) => step.uses ?? []);
    expect(uses.map((used) => used.split("@")[0])).toEqual(["actions/download-artifact"]);
    expect(read(".github/workflows/ci.yml")).not.toMatch(/secrets\./);
  });

  it("take actions by commit, with the version beside it", () => {
    const files = [
      ".github/workflows/ci.yml",
      ".github/workflows/preview-comment.yml",
      ".github/workflows/soak.yml",
      ".github/actions/make/action.yml",
    ];
    const used = files.flatMap((file) => read(file).match(/uses: .*$/gm) ?? []);
    expect(used.filter((line) => line !== "uses: ./.github/actions/make")).toHaveLength(6);
    for (const line of used)
      expect(line).toMatch(
        /^uses: (\.\/\.github\/actions\/make|actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
      );
  });
});
