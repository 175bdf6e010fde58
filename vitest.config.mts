import { defineConfig } from "vitest/config";

/** One project per test level; `vitest run --project unit` runs one of them. */
export default defineConfig({
  test: {
    // Most tests wait for servers and processes, not for a core.
    maxWorkers: 3,
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 10_000 } },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
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
