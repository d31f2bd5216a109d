import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import rules from "../.dependency-cruiser.mjs";
import { repository } from "./support/test-data.js";

/** Imports that a rule has to refuse: the rule, the file that imports, and what it imports. */
const planted: readonly (readonly [rule: string, file: string, module: string])[] = [
  ["packages-know-no-app", "packages/platform/src/config/a.ts", "../../../../apps/api/src/config.js"],
  ["packages-know-no-app", "bench/src/submit/a.ts", "../../../apps/worker/src/config.js"],
  ["apps-know-no-app", "apps/worker/src/jobs/a.ts", "../../../api/src/config.js"],
  ["sources-know-no-test", "packages/core/src/batching/a.ts", "./turns.test.js"],
  ["sources-know-no-test", "apps/worker/src/jobs/b.ts", "../../../../tests/support/fleet.js"],
  ["contracts-is-made-of", "packages/contracts/src/a.ts", "@facefleet/core"],
  ["contracts-is-made-of", "packages/contracts/src/b.ts", "fastify"],
  ["matching-is-made-of", "packages/matching/src/a.ts", "@facefleet/core"],
  ["matching-is-made-of", "packages/matching/src/b.ts", "typebox"],
  ["client-is-made-of", "packages/client/src/a.ts", "@facefleet/platform"],
  ["client-is-made-of", "packages/client/src/b.ts", "undici"],
  ["console-is-made-of", "apps/console/src/try/a.ts", "@facefleet/contracts"],
  ["console-is-made-of", "apps/console/src/jobs/a.ts", "react"],
  ["stack-is-made-of", "packages/stack/src/a.ts", "@facefleet/platform"],
  ["core-is-made-of", "packages/core/src/detection/a.ts", "@facefleet/platform"],
  ["core-is-made-of", "packages/core/src/pipeline/a.ts", "fastify"],
  ["core-is-made-of", "packages/core/src/pipeline/b.ts", "pino"],
  ["platform-knows-no-core", "packages/platform/src/queue/a.ts", "@facefleet/core"],
  ["platform-knows-no-core", "packages/platform/src/egress/a.ts", "@facefleet/core/models"],
  ["api-knows-no-core", "apps/api/src/jobs/a.ts", "@facefleet/core"],
  ["api-resources-are-above", "apps/api/src/wire/a.ts", "../jobs/job-command.js"],
  ["nets-name-only-ops", "packages/core/src/nets/a.ts", "../engines/index.js"],
  ["nets-name-only-ops", "packages/core/src/nets/b.ts", "onnxruntime-node"],
  ["nets-name-only-ops", "packages/core/src/nets/c.ts", "node:fs"],
  ["engines-keep-their-rooms", "packages/core/src/pipeline/c.ts", "../engines/onnx/onnx-engine.js"],
  ["home-of-redis", "packages/platform/src/uploads/a.ts", "bullmq"],
  ["home-of-redis", "apps/api/src/jobs/b.ts", "ioredis"],
  ["home-of-rates", "apps/api/src/tenancy/a.ts", "rate-limiter-flexible"],
  ["home-of-s3", "packages/platform/src/object-store/a.ts", "@aws-sdk/client-s3"],
  ["home-of-s3", "apps/worker/src/jobs/c.ts", "@aws-sdk/client-s3"],
  ["home-of-addresses", "packages/platform/src/config/b.ts", "ipaddr.js"],
  ["home-of-onnx", "packages/core/src/detection/b.ts", "onnxruntime-node"],
  ["home-of-onnx", "packages/core/src/engines/tfjs/a.ts", "protobufjs/light.js"],
  ["home-of-tensorflow", "packages/core/src/engines/onnx/a.ts", "@tensorflow/tfjs-core"],
  ["home-of-pixels", "packages/core/src/detection/c.ts", "sharp"],
  ["home-of-pixels", "apps/worker/src/inference/a.ts", "sharp"],
  ["home-of-http", "packages/platform/src/config/c.ts", "fastify"],
  ["home-of-http", "packages/platform/src/lifecycle/a.ts", "@fastify/multipart"],
  ["home-of-logs", "apps/api/src/a.ts", "pino"],
  ["home-of-metrics", "packages/platform/src/queue/b.ts", "prom-client"],
  ["home-of-traces", "apps/api/src/b.ts", "@opentelemetry/sdk-trace-node"],
  ["home-of-pages", "apps/cli/src/a.ts", "preact"],
  ["home-of-terminal", "bench/src/load/a.ts", "cli-progress"],
  ["platform-egress-is-below", "packages/platform/src/egress/b.ts", "../queue/index.js"],
  ["platform-config-is-below", "packages/platform/src/config/d.ts", "../object-store/index.js"],
  ["platform-logging-is-below", "packages/platform/src/logging/a.ts", "../tracing/index.js"],
  ["platform-lifecycle-is-below", "packages/platform/src/lifecycle/b.ts", "../queue/index.js"],
  ["platform-api-keys-is-below", "packages/platform/src/api-keys/a.ts", "../object-store/index.js"],
  ["platform-tracing-is-below", "packages/platform/src/tracing/a.ts", "../metrics/index.js"],
  ["platform-object-store-is-below", "packages/platform/src/object-store/b.ts", "../queue/index.js"],
  ["platform-queue-is-below", "packages/platform/src/queue/c.ts", "../uploads/index.js"],
  ["platform-uploads-is-below", "packages/platform/src/uploads/b.ts", "../metrics/index.js"],
  ["platform-queue-redis-is-below", "packages/platform/src/queue/redis/a.ts", "../ledger/ledger.js"],
  ["platform-queue-ledger-is-below", "packages/platform/src/queue/ledger/a.ts", "../jobs/admission/admission.js"],
  ["platform-queue-results-is-below", "packages/platform/src/queue/results/a.ts", "../jobs/ends/outcomes.js"],
  ["platform-queue-uploads-is-below", "packages/platform/src/queue/uploads/a.ts", "../jobs/admission/admission.js"],
  ["platform-queue-webhooks-is-below", "packages/platform/src/queue/webhooks/a.ts", "../jobs/ends/outcomes.js"],
  ["platform-queue-jobs-is-below", "packages/platform/src/queue/jobs/a.ts", "../batches/batch-lines.js"],
  ["platform-queue-batches-is-below", "packages/platform/src/queue/batches/a.ts", "../fleet/queue-sweep.js"],
  ["platform-queue-jobs-job-is-below", "packages/platform/src/queue/jobs/job/a.ts", "../admission/admission.js"],
  ["platform-queue-jobs-admission-is-below", "packages/platform/src/queue/jobs/admission/a.ts", "../ends/outcomes.js"],
  ["platform-queue-jobs-ends-is-below", "packages/platform/src/queue/jobs/ends/a.ts", "../work/taken-job.js"],
  ["platform-queue-jobs-work-is-below", "packages/platform/src/queue/jobs/work/a.ts", "../lookup/job-list.js"],
  ["core-models-is-below", "packages/core/src/models/a.ts", "../engines/index.js"],
  ["core-batching-is-below", "packages/core/src/batching/b.ts", "../pipeline/index.js"],
  ["core-engines-is-below", "packages/core/src/engines/a.ts", "../detection/index.js"],
  ["core-imaging-is-below", "packages/core/src/imaging/a.ts", "../detection/index.js"],
  ["core-alignment-is-below", "packages/core/src/alignment/a.ts", "../detection/index.js"],
  ["core-detection-is-below", "packages/core/src/detection/d.ts", "../embedding/index.js"],
  ["core-embedding-is-below", "packages/core/src/embedding/a.ts", "../pipeline/index.js"],
  ["core-quality-is-below", "packages/core/src/quality/a.ts", "../pipeline/index.js"],
  ["core-evaluation-is-below", "packages/core/src/evaluation/a.ts", "../pipeline/index.js"],
  ["core-pipeline-is-below", "packages/core/src/pipeline/d.ts", "../quantisation/index.js"],
];

const roots = ["apps", "packages", "bench"];
let tree: string;

/** A tree of the same packages, in which these files are, each with one import. */
async function plant(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "facefleet-imports-"));
  const ours = (file: string) => !/(^|\/)(node_modules|dist)(\/|$)/.test(file.slice(repository.length));
  for (const folder of [...roots, "tests"])
    await cp(join(repository, folder), join(root, folder), { recursive: true, filter: ours });
  await mkdir(join(root, "node_modules", "@facefleet"), { recursive: true });
  for (const name of ["client", "contracts", "core", "platform", "matching"]) {
    await symlink(join(root, "packages", name), join(root, "node_modules", "@facefleet", name));
  }
  for (const [, file, module] of planted) {
    await mkdir(join(root, dirname(file)), { recursive: true });
    await writeFile(join(root, file), `import "${module}";\n`);
  }
  return root;
}

/** What the rules refuse: the rule, the file and what it imports. */
async function refusedIn(root: string): Promise<{ rule: string; file: string; module: string }[]> {
  const program = join(repository, "node_modules", ".bin", "depcruise");
  const config = join(repository, ".dependency-cruiser.mjs");
  const args = ["--config", config, "--output-type", "json", ...roots];
  const { stdout } = await promisify(execFile)(program, args, { cwd: root, maxBuffer: 1 << 28 });
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, file: from, module: to }));
}

let refused: Awaited<ReturnType<typeof refusedIn>>;

beforeAll(async () => {
  tree = await plant();
  refused = await refusedIn(tree);
});
afterAll(() => rm(tree, { recursive: true, force: true }));

it.each(planted)("%s refuses %s an import of %s", (rule, file) => {
  expect(refused.filter((found) => found.file === file).map((found) => found.rule)).toContain(rule);
});

it("every rule has been tried, and refuses nothing else", () => {
  const names = rules.forbidden.map(({ name }) => name);
  expect(new Set(planted.map(([rule]) => rule))).toEqual(new Set(names));
  const files = new Set(planted.map(([, file]) => file));
  expect(refused.filter(({ file }) => !files.has(file))).toEqual([]);
});
