import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dockerLines, must, ROOT, run } from "../support/stack";

/** The stages of the pipelines that are no level of `make test`, run as a pipeline runs them. */
const TAG = `qtickets_api:e2e${process.pid}`;
const { PULUMI_STACK: _, ...environment } = process.env;
const env = { ...environment, NO_COLOR: "1" };
const make = (...args: string[]) => must(run("make", args, { cwd: ROOT, env }));

/** What of a throw-away stack would be left. */
const containers = async () => dockerLines("ps", "--all", "--format", "{{.Names}}");
const ofStage = (names: string[], stage: string) =>
  names.filter((name) => new RegExp(`-${stage}\\d+$`).test(name));

afterAll(() => run("docker", ["image", "rm", TAG]));

describe("the stages of the pipelines", () => {
  it("image: built without a cache, with a bill of materials of what is in it", async () => {
    rmSync(join(ROOT, "reports/sbom.json"), { force: true });
    const begun = Date.now();
    const { all } = await make("image", `TAG=${TAG}`);
    expect(all).not.toContain("Using cache");
    const [id = "", created = ""] = /^(sha256:[0-9a-f]{64}) {2}(\S+)$/m.exec(all)?.slice(1) ?? [];
    expect(await dockerLines("image", "inspect", "--format", "{{.Id}}", TAG)).toEqual([id]);
    expect(Date.parse(created)).toBeGreaterThanOrEqual(begun - 1000);
    const bom = JSON.parse(readFileSync(join(ROOT, "reports/sbom.json"), "utf8")) as {
      metadata: { component: { version: string } };
      components: { name: string }[];
    };
    expect(bom.metadata.component.version).toBe(TAG);
    expect(bom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(["node", "zod", "luxon"]));
  });

  it("server-smoke: contract, stack, access, dry run, reader; nothing of it stays", async () => {
    const { all } = await make("server-smoke");
    expect(all).toMatch(/Tests +\d+ passed \(\d+\)\n/);
    expect(all).toMatch(/All \d+ cells are as declared/);
    expect(all).toContain("Smoke passed");
    expect(all).toMatch(/^smoke +… the stack came up, loaded and answers its reader$/m);
    expect(ofStage(await containers(), "smoke")).toEqual([]);
  });

  it("preview: a commit on a stack of itself changes nothing; nothing of it stays", async () => {
    const { all } = await make("preview", "BASE=HEAD");
    const comment = readFileSync(join(ROOT, "reports/preview.md"), "utf8");
    expect(all.endsWith(comment)).toBe(true);
    expect(comment).toMatch(/^## What `pulumi up` would do\n\nNothing changes\. Commit `[0-9a-f]{9}` on /);
    expect(ofStage(await containers(), "preview")).toEqual([]);
  });

  it("preview: a commit that is not there is named with the way to name one", async () => {
    const { code, stderr } = await run("make", ["preview", "BASE=no-such-commit"], {
      cwd: ROOT,
      env: environment,
    });
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      'zakaz: there is no commit "no-such-commit" in this clone; name one: BASE=HEAD^ make preview (in CI: fetch the whole history)\n',
    );
  });
});
