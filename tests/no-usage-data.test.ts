import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@facefleet/contracts";
import { freePort } from "@facefleet/stack";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { startS3Server } from "../packages/platform/test/s3-server.js";
import { expectEventually } from "./support/eventually.js";
import { modelsDir, portrait, repository, skipped } from "./support/test-data.js";
import { noTracing, TracedProcess } from "./support/traced-process.js";

/*
 * Nothing tells anybody of its use: no process connects to whom its settings do not name, looks up another name, or
 * leaves a file outside its folders. There is no CI in their environments: libraries behave better where it is set.
 */

// biome-ignore lint/style/noProcessEnv: the set-up file hands Redis' address over through it
const redisUrl = process.env.REDIS_URL ?? "";
const redis = new URL(redisUrl || "redis://127.0.0.1:6379").host;

/** A library may begin late: ONNX Runtime looked its collector up nine seconds after it was loaded. */
const lateMs = 15_000;

let root: string;
let folders: { home: string; cwd: string; data: string };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "facefleet-traced-"));
  folders = { home: join(root, "home"), cwd: join(root, "cwd"), data: join(root, "data") };
  for (const folder of Object.values(folders)) await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

function start(name: string, command: readonly string[], settings: Record<string, string> = {}): TracedProcess {
  const env = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: folders.home,
    MODELS_DIR: modelsDir,
    DATA_DIR: folders.data,
    STORE_DIR: join(folders.data, "objects"),
    ...settings,
  };
  return new TracedProcess([process.execPath, ...command], { cwd: folders.cwd, env, log: join(root, `${name}.log`) });
}

const main = (app: string) => join(repository, "apps", app, "dist", "main.js");

async function leftBehind(): Promise<string[]> {
  return (await Promise.all([folders.home, folders.cwd].map((folder) => readdir(folder)))).flat();
}

/** An API and a worker, together, speak to these and to nobody else. */
async function doJobAndSee(store: Record<string, string>, peers: readonly string[]): Promise<void> {
  const port = await freePort();
  const settings = { REDIS_URL: redisUrl, QUEUE_PREFIX: `{traced-${port}}`, ...store };
  const api = start("api", [main("api")], { ...settings, PORT: String(port) });
  const worker = start("worker", [main("worker")], { ...settings, WORKER_PORT: "0" });
  await Promise.all([doJob(`http://127.0.0.1:${port}`), sleep(lateMs)]).finally(() =>
    Promise.all([api.stop(), worker.stop()]),
  );
  for (const calls of [await api.ended(), await worker.ended()]) {
    expect(calls.destinations).toEqual([...peers].sort());
    expect(outsideData(calls.made)).toEqual([]);
  }
  expect(await leftBehind()).toEqual([]);
}

async function doJob(url: string): Promise<void> {
  await expectEventually(async () => expect((await fetch(`${url}/health`)).status).toBe(200));
  const form = new FormData();
  form.append("job", JSON.stringify({ task: "embed" }));
  form.append("image", new Blob([Uint8Array.from(await portrait())]), "photo.png");
  const { links } = (await (await fetch(`${url}/v1/jobs`, { method: "POST", body: form })).json()) as Job;
  const done = (await (await fetch(`${url}${links.self}?wait=30`)).json()) as Job;
  expect(done).toMatchObject({ state: "succeeded", result: { faces: [{ embedding: expect.any(Object) }] } });
}

const outsideData = (paths: readonly string[]) =>
  paths.filter((path) => !path.startsWith(`${folders.data}/`) && path !== folders.data && path !== "/dev/null");

describe.skipIf(skipped("that nothing reports its use", noTracing))("what watches", () => {
  it("sees a look-up, a connection and a file that should not be", async () => {
    const script = `
      require("node:fs").writeFileSync("stray", "");
      require("node:net").connect(9, "127.0.0.1").on("error", () => undefined);
      require("node:dns").lookup("collector.invalid", () => undefined);
      require("node:child_process").spawnSync("mkdir", [process.env.HOME + "/.cache"]);`;
    const calls = await start("control", ["-e", script]).ended();
    expect(calls.destinations).toContain("127.0.0.1:9");
    expect(calls.destinations.some((destination) => /:53$|nscd|resolve/.test(destination))).toBe(true);
    expect(calls.made).toEqual(expect.arrayContaining([join(folders.cwd, "stray"), join(folders.home, ".cache")]));
    expect(await leftBehind()).toEqual([".cache", "stray"]);
  });
});

describe.skipIf(skipped("that nothing reports its use", noTracing))("nothing reports its use", () => {
  it("of an API and a worker that do a job", async () => {
    await doJobAndSee({}, [redis]);
  });

  it("nor asks the machine for credentials that its settings have", async () => {
    const s3 = await startS3Server();
    onTestFinished(() => s3.stop());
    const settings = {
      S3_ENDPOINT: s3.endpoint,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    };
    await doJobAndSee(settings, [redis, new URL(s3.endpoint).host]);
  });

  it("of evaluations and benchmarks", async () => {
    const boxes = join(folders.data, "boxes.json");
    await writeFile(boxes, JSON.stringify([{ file: "portrait.png", boxes: [[0, 0, 99, 99]] }]));
    await writeFile(join(folders.data, "portrait.png"), await portrait());
    const evaluation = ["eval", "detection", "--engine", "onnx-cpu", "--dir", folders.data, "--boxes", boxes];
    const benchmark = ["bench", "detect", "--engine", "onnx-cpu", "--photos", folders.data];
    for (const [command, words] of [
      [evaluation, "average precision"],
      [benchmark, "onnx-cpu"],
    ] as const) {
      const running = start(command[0] ?? "", [main("cli"), ...command]);
      const calls = await running.ended();
      expect(running.output).toContain(words);
      expect(calls.destinations).toEqual([]);
      expect(outsideData(calls.made)).toEqual([]);
    }
    expect(await leftBehind()).toEqual([]);
  });
});
