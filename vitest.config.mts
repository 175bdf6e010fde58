import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take a minute or more, the longest of each level first: begun last, one of them would be waited for alone. */
const LONG = [
  "soak/outages",
  "soak/week",
  "soak/documents",
  "soak/report",
  "soak/schedule",
  "e2e/no-leak",
  "e2e/drift",
  "e2e/stack",
  "e2e/backup",
  "e2e/upgrade",
  "integration/schema/validate",
  "integration/ops/diagnose",
  "integration/loaders/fault-matrix",
  "integration/ops/every-command",
  "integration/loaders/faults",
  "integration/loaders/fault-matrix-clickhouse",
  "integration/loaders/vk-ads/faults",
  "integration/clickhouse/life-cycle",
  "integration/sql/scenario",
  "integration/loaders/load",
  "integration/access/drift",
  "integration/ops/status",
  "integration/loaders/runs",
  "integration/loaders/dry-run",
  "integration/schema/drift",
  "integration/clickhouse/contract",
  "integration/toolchain/setup",
  "integration/schema/validate-command",
  "integration/backup/disk",
  "integration/schema/upgrade",
].map((name) => `/test/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONG.findIndex((name) => moduleId.endsWith(name));
      return found < 0 ? LONG.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

/** Seed and counts of what is random. */
const setupFiles = ["test/support/soak.ts"];

/** One project per test level; `vitest run --project unit` runs one of them. */
export default defineConfig({
  test: {
    // For two cores, with a second vitest beside for the stacks; toolchain/check starts more of those that wait a lot.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // What is asked again and again is often a process of its own: vitest's 50 ms would keep a core busy with asking.
    expect: { poll: { interval: 200 } },
    coverage: {
      provider: "v8",
      include: [
        "*.ts",
        ...[
          "alerts",
          "backup",
          "clickhouse",
          "components",
          "config",
          "lint",
          "loaders",
          "ops",
          "sandbox",
          "schedule",
          "warehouse",
        ].map((folder) => `${folder}/**/*.ts`),
      ],
      exclude: ["loaders/dist/**"],
      reporter: ["json-summary", "html"],
      reportOnFailure: true,
      reportsDirectory: "reports/coverage",
    },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          setupFiles,
          // For a test that hangs; how long one takes is the machine's business.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          // What lasts half an hour: `make soak` alone runs it.
          name: "soak",
          include: ["test/soak/**/*.test.ts"],
          testTimeout: 3_600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
