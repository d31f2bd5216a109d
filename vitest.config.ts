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
  "packages/platform/test/queue/redis-failover",
  "apps/cli/test/eval/parity",
  "apps/worker/test/inference-client",
  "apps/worker/test/main",
  "tests/images",
  "tests/batches",
  "tests/batch-crash",
  "packages/core/test/reference",
  "packages/core/test/other-processors",
  "tests/rolling-restart",
  "apps/cli/test/up",
  "tests/generated-clients",
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

/** What runs networks. */
const computing = ["apps/worker/test", "apps/cli/test/eval", "packages/core/test", "bench/test"].map(
  (folder) => `${folder}/**/*.test.ts`,
);

/** What a release is made of: it is packed, built, generated or fetched first. */
const shipped = ["generated-clients", "images", "kubernetes", "packed-fleet", "python-client"].map(
  (name) => `tests/${name}.test.ts`,
);

/** What is killed, or started again, under load. */
const faults = ["packages/platform/test/queue/redis-failover", "tests/batch-crash", "tests/rolling-restart"].map(
  (name) => `${name}.test.ts`,
);

/** What takes longer, or a machine to itself: `npm test` leaves it to .ci/run, and to whoever names it. */
const onRequest = new Set(["cluster", "faults", "shipped", "containment"]);
// biome-ignore lint/style/noProcessEnv: npm says in it what it was asked to run
const { npm_lifecycle_event: script } = process.env;
const asked = process.argv.slice(process.argv.indexOf("run") + 1);
const isUsual = script === "test" && !asked.some((word) => word.startsWith("--project") || !word.startsWith("-"));

/** A bound on what hangs, not on what is slow: a machine may have thirty times the work that it can do. */
const patience = { testTimeout: 300_000, hookTimeout: 240_000, expect: { poll: { timeout: 120_000 } } };

const projects = [
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
      // As with those of units: a file leaves nothing behind but what it keeps under a prefix of its own.
      isolate: false,
      maxWorkers,
      include: ["{apps/*,packages/*}/test/**/*.test.ts"],
      exclude: [...computing, ...faults],
      globalSetup: ["tests/redis.setup.ts"],
      ...patience,
    },
  },
  {
    ...shared,
    test: {
      // Engines keep what they have loaded for as long as their process lives.
      name: "models",
      maxWorkers,
      include: computing,
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
      maxWorkers,
      include: ["tests/*.test.ts"],
      exclude: [...shipped, ...faults],
      globalSetup: ["tests/redis.setup.ts", "tests/model-pack.setup.ts"],
      ...patience,
    },
  },
  {
    ...shared,
    test: {
      name: "faults",
      maxWorkers,
      include: faults,
      globalSetup: ["tests/redis.setup.ts"],
      ...patience,
    },
  },
  {
    ...shared,
    test: {
      name: "shipped",
      maxWorkers,
      include: shipped,
      globalSetup: ["tests/redis.setup.ts"],
      ...patience,
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
];

export default defineConfig({
  test: {
    globalSetup: ["tests/build.setup.ts"],
    sequence: { sequencer: SlowestFirst },
    projects: projects.filter(({ test: { name } }) => !(isUsual && onRequest.has(name))),
  },
});
