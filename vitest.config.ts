import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const shared = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
};

/** Of files at a time. Many tests wait more than they compute, so that two processors need two at least. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    globalSetup: ["tests/build.setup.ts"],
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          include: ["{apps/*,packages/*,bench}/src/**/*.test.ts"],
          testTimeout: 30_000,
          maxWorkers,
        },
      },
      {
        ...shared,
        test: {
          name: "integration",
          maxWorkers,
          include: ["{apps/*,packages/*,bench}/test/**/*.test.ts"],
          globalSetup: ["tests/redis.setup.ts", "tests/model-pack.setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: "cluster",
          maxWorkers,
          include: ["face-jobs", "batches", "idempotency", "queue-sweep", "fleet-observer", "request-limits"].map(
            (part) => `packages/platform/test/queue/${part}.test.ts`,
          ),
          globalSetup: ["tests/redis-cluster.setup.ts"],
          setupFiles: ["tests/redis-cluster.env.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: "e2e",
          include: ["tests/*.test.ts"],
          globalSetup: ["tests/redis.setup.ts", "tests/model-pack.setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: "blackbox",
          include: ["tests/blackbox/*.test.ts"],
          globalSetup: ["tests/model-pack.setup.ts", "tests/blackbox/deployment.setup.ts"],
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: "containment",
          include: ["tests/containment/*.test.ts"],
          globalSetup: ["tests/model-pack.setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
