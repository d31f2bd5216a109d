import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const shared = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
};

/** Of files at a time. Many tests wait more than they compute, so that two processors need two at least. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

/** The files that take longest, so that none of them is begun last: where no run before has told, files go by size. */
const slowest = [
  "apps/cli/test/eval/parity",
  "apps/cli/test/eval/lfw",
  "apps/cli/test/up",
  "apps/worker/test/main",
  "apps/worker/test/inference-client",
  "packages/core/test/imaging",
  "apps/api/test/large-answers",
  "apps/api/test/job-events",
  "apps/api/test/outages",
  "apps/api/test/uploads",
];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = slowest.findIndex((name) => moduleId.endsWith(`${name}.test.ts`));
      return index < 0 ? slowest.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

/** A bound on what hangs, not on what is slow: a machine may have thirty times the work that it can do. */
const patience = { testTimeout: 300_000, hookTimeout: 240_000, expect: { poll: { timeout: 120_000 } } };

export default defineConfig({
  test: {
    globalSetup: ["tests/build.setup.ts"],
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          // Loading takes several times as long as testing; pure things leave nothing behind.
          isolate: false,
          include: ["{apps/*,packages/*,bench}/src/**/*.test.ts"],
          ...patience,
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
          ...patience,
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
          ...patience,
        },
      },
      {
        ...shared,
        test: {
          name: "e2e",
          include: ["tests/*.test.ts"],
          globalSetup: ["tests/redis.setup.ts", "tests/model-pack.setup.ts"],
          ...patience,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: "blackbox",
          include: ["tests/blackbox/*.test.ts"],
          globalSetup: ["tests/model-pack.setup.ts", "tests/blackbox/deployment.setup.ts"],
          ...patience,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: "containment",
          include: ["tests/containment/*.test.ts"],
          globalSetup: ["tests/model-pack.setup.ts"],
          ...patience,
          fileParallelism: false,
        },
      },
    ],
  },
});
