import { defineConfig } from "vitest/config";

/** Seed and counts of what is random. */
const setupFiles = ["test/support/soak.ts"];

/** One project per test level; `vitest run --project unit` runs one of them. */
export default defineConfig({
  test: {
    // Most tests wait for servers and processes, not for a core.
    maxWorkers: 3,
    coverage: {
      provider: "v8",
      include: [
        "*.ts",
        ...["clickhouse", "components", "config", "lint", "loaders", "ops", "sandbox", "warehouse"].map(
          (folder) => `${folder}/**/*.ts`,
        ),
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
          // Every stack has its own names, ports, state and copy of the sources.
          maxWorkers: 2,
        },
      },
    ],
  },
});
