import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { users } from "../../../warehouse/catalogue";
import { bundleLoader } from "../loaders/warehouse";
import { ROOT } from "../../support/stack";
import { Desk } from "./desk";

/**
 * `zakaz smoke` on a real server; in the place of the container runs the real loader, or one that goes wrong.
 * Not proved here: image and container (test/e2e/stack.test.ts).
 */
const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
let desk: Desk;
let folder: string;

/** The real loader, with the arguments behind the image. */
const LOADER = `while [ "$1" != qtickets_api ]; do shift; done; node "${ROOT}/loaders/dist/qtickets.js" "$@"`;

beforeAll(async () => {
  await bundleLoader();
  desk = await Desk.start();
});
afterAll(() => desk?.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zakaz-smoke-"));
  desk.dockerRun = LOADER;
});
afterEach(() => rmSync(folder, { recursive: true }));

const settings = () => ({
  QTICKETS_TOKEN: "placeholder-token",
  CLICKHOUSE_HOST: "ch-zakaz",
  CLICKHOUSE_USER: users.loader,
  CLICKHOUSE_PASSWORD: desk.passwords[users.loader]!,
});

function smoke(...args: string[]) {
  const { loaderTargets, ...outputs } = desk.stack;
  const target = { ...loaderTargets["qtickets_api"]!, settings: settings() };
  const stack = { ...outputs, loaderTargets: { qtickets_api: target } };
  return desk.zakaz(["smoke", ...args], undefined, JSON.stringify(stack));
}

const journaled = async () =>
  (await desk.server.sql<{ n: number }>("SELECT toUInt32(count()) AS n FROM zakaz.meta_job_runs"))[0]!.n;

/** A loader that writes a row of a run into the journal although it was told to run dry. */
const plant = (run: string) => `
for word; do last=$word; done
curl -sS --fail -u '${users.loader}:${desk.passwords[users.loader]}' '${desk.server.httpUrl}' --data-binary \\
  "INSERT INTO zakaz.meta_job_runs (job, run_id, started_at, finished_at, status) VALUES ('plan', '${run}', now(), now(), 'ok')" || exit 1
${LOADER}`;

describe("zakaz smoke", () => {
  it("passes, leaves the journal as it was, and shows the log and what a real run would do", async () => {
    expect((await desk.load()).code).toBe(0);
    const before = await journaled();
    const { code, stdout, stderr } = await smoke();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Server c is healthy\.\nImage sha256:i, built 2030-01-01T00:00:00Z\.\n/);
    expect(stdout).toContain("running in stub mode");
    expect(stdout).toContain("Dry-run: no ClickHouse writes");
    const end = `Exit code 0; run ${UUID} has no row\\.\nmeta_job_runs: ${before} rows before and after\\. Smoke passed\\.\n$`;
    expect(stdout).toMatch(new RegExp(end));
    expect(stdout).not.toContain(desk.passwords[users.loader]);
    expect(await journaled()).toBe(before);
  });

  it("passes while other runs end, and names them", async () => {
    const [begun, go] = [join(folder, "begun"), join(folder, "go")];
    desk.dockerRun = `touch "${begun}"; until [ -e "${go}" ]; do sleep 0.1; done; ${LOADER}`;
    const before = await journaled();
    const smoking = smoke();
    while (!existsSync(begun)) await sleep(50);
    // Two runs of one job: the lease names the last one only.
    const loads = [await desk.load(), await desk.load()];
    await desk.byHand("OPTIMIZE TABLE meta.watermarks FINAL");
    writeFileSync(go, "");
    const { code, stdout, stderr } = await smoking;
    expect(loads.map((load) => load.code)).toEqual([0, 0]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const others = `qtickets_api \\(run ${UUID}\\), qtickets_api \\(run ${UUID}\\)`;
    expect(stdout).toMatch(
      new RegExp(
        `meta_job_runs: ${before} rows before, ${before + 2} after; new are those of ${others}, which ran meanwhile\\. Smoke`,
      ),
    );
  });

  it("fails for a row of the dry run itself, also under the name of another job", async () => {
    desk.dockerRun = plant("$last");
    const { code, stderr } = await smoke();
    expect(stderr).toMatch(
      new RegExp(`^zakaz: The dry run ${UUID} wrote a row into meta_job_runs: it was none\n$`),
    );
    expect(code).toBe(1);
  });

  it("fails for a row that no run accounts for", async () => {
    const stranger = "00000000-0000-4000-8000-000000000001";
    desk.dockerRun = plant(stranger);
    const { code, stderr } = await smoke();
    expect(stderr).toBe(
      `zakaz: meta_job_runs has got a row of job plan, run ${stranger}, which no run accounts for: the lease of plan has had no new holder\n`,
    );
    expect(code).toBe(1);
    // What was there before is no longer new.
    desk.dockerRun = LOADER;
    expect((await smoke()).code).toBe(0);
  });

  it("fails with a container that does, and shows its last lines", async () => {
    desk.dockerRun = `printf 'one\\ntwo\\n' >&2; exit 1`;
    const { code, stderr } = await smoke();
    expect(stderr).toBe("zakaz: The loader's dry run ended with code 1:\none\ntwo\n");
    expect(code).toBe(1);
  });

  it("takes a file of the old kind, and says what its login is worth", async () => {
    const file = join(folder, "old.env");
    const lines = (password: string) =>
      `# of old\nQTICKETS_API_TOKEN=t\nCH_HOST=ch-zakaz\nCH_USER_WRITE=${users.loader}\nCH_PASSWORD=${password}\nDRY_RUN=true\n`;
    writeFileSync(file, lines(desk.passwords[users.loader]!));
    const good = await smoke("--envfile", file);
    expect({ code: good.code, stderr: good.stderr }).toEqual({ code: 0, stderr: "" });
    expect(good.stdout).toContain("Smoke passed.");

    writeFileSync(file, lines("wrong-password"));
    const wrong = await smoke("--envfile", file);
    expect(wrong.stderr).toMatch(/^zakaz: ClickHouse says 516 AUTHENTICATION_FAILED: [^\n]*\n$/);
    expect(wrong.stderr).not.toContain("wrong-password");
    expect(wrong.code).toBe(1);

    writeFileSync(file, lines("p").replace("DRY_RUN=true", "DRY_RUN=false"));
    desk.dockerRun = `touch "${folder}/ran"`;
    const live = await smoke("--envfile", file);
    expect(live.stderr).toBe(
      `zakaz: DRY_RUN is not true in ${file}: a smoke runs dry only; set DRY_RUN=true, or load with npx zakaz load\n`,
    );
    expect(live.code).toBe(2);
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });
});
