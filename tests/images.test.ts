import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@facefleet/stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  buildImage,
  Container,
  noContainerEngine,
  podman,
  provideNodeImage,
  runIn,
} from "./support/container-engine.js";
import { repository, skipped } from "./support/test-data.js";

const noEngine = await noContainerEngine();
const api = "facefleet/api:test";
const worker = "facefleet/worker-cpu:test";
/** As in docker-compose.yml. */
const graceSeconds = 30;
const started: Container[] = [];
// biome-ignore lint/style/noProcessEnv: the set-up file hands Redis' address over through it
const settings = { REDIS_URL: process.env.REDIS_URL ?? "", QUEUE_PREFIX: "{images}", STORE_DIR: "/tmp/objects" };

/** Sources, tests, benchmarks, evaluations, and what compiles. */
const isForDevelopers = (file: string) =>
  /\/@facefleet\/(?!client\/)\w+\/(src|test)\/|\/cli\/dist\/(bench|eval|load)\/|@facefleet[+/]bench|\/(typescript|vitest|@biomejs)\//.test(
    file,
  );

const filesOf = async (image: string) => (await runIn(image, "find", "/app", "-type", "f")).split("\n");

async function start(image: string, env: Record<string, string>): Promise<Container> {
  const container = await Container.start(image, { ...settings, ...env });
  started.push(container);
  return container;
}

// The base image is a stand-in of the same parts. The stages that need CUDA's images are not built.
describe.skipIf(skipped("images", noEngine))("images", { timeout: 600_000 }, () => {
  beforeAll(async () => {
    const dockerfile = await readFile(join(repository, "infra", "docker", "api.Dockerfile"), "utf8");
    await provideNodeImage(dockerfile.match(/node:([\d.]+)-bookworm-slim/)?.[1] ?? "");
  }, 300_000);

  afterAll(async () => {
    if (noEngine) return;
    await Promise.all(started.map((container) => container.remove()));
    await podman("image", "prune", "--force", "--filter", "until=48h");
  }, 60_000);

  it("has an API that answers, ends by SIGTERM, and brings no library that computes or decodes", async () => {
    await buildImage("api.Dockerfile", api);
    const container = await start(api, { AUTH: "none", HOST: "127.0.0.1", PORT: String(await freePort()) });
    await container.healthy(60_000);
    expect(await container.stop(graceSeconds)).toBe(0);
    const files = await filesOf(api);
    expect(files).toContain("/app/dist/main.js");
    expect(files.filter((file) => /onnx|tensorflow|sharp|libvips|\.wasm$|\.so[.\d]*$/.test(file))).toEqual([]);
    expect(files.filter(isForDevelopers)).toEqual([]);
  });

  it("has a worker for a CPU, with the command line", async () => {
    await buildImage("worker-cpu.Dockerfile", worker);
    const files = await filesOf(worker);
    expect(files.filter((file) => /libonnxruntime/.test(file))).toHaveLength(1);
    expect(files.filter(isForDevelopers)).toEqual([]);
    expect(await runIn(worker, "facefleet", "models", "verify")).toContain("is intact");
    const keys = await runIn(worker, "facefleet", "keys", "create", "acme");
    expect(keys).toMatch(/^ff_[\w-]{43}$/);
    for (const command of ["bench", "eval"]) {
      await expect(runIn(worker, "facefleet", command, "--help")).rejects.toThrow(
        /Expected a checkout for this command/,
      );
    }
  });

  it("has a worker that becomes ready and drains", async () => {
    const env = { WORKER_HOST: "127.0.0.1", WORKER_PORT: String(await freePort()), INFERENCE_PROCESSES: "1" };
    const container = await start(worker, env);
    await container.healthy(90_000);
    expect(await container.stop(graceSeconds)).toBe(0);
  });

  it("has all that a worker for a GPU is made of but CUDA", async () => {
    await buildImage("worker-gpu.Dockerfile", "facefleet/worker-gpu:test-app", "app");
  });
});
