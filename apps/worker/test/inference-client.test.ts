import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ProblemError } from "@facefleet/contracts";
import { imageMemory } from "@facefleet/core/batching";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { noTfjsNode, skipped, tfjsNodeDir } from "../../../tests/support/test-data.js";
import { InferenceClient } from "../src/inference/inference-client.js";
import type { InferenceVitals } from "../src/inference/protocol.js";
import { drawn, analysisOptions as options, quiet, inferenceSettings as settings } from "./environment.js";

let client: InferenceClient;

async function startedClient(
  options: {
    silenceMs?: number;
    lettingGoMs?: number;
    onReady?(): unknown;
    onLost?(): unknown;
    onVitals?(vitals: InferenceVitals): void;
  } = {},
): Promise<InferenceClient> {
  client = new InferenceClient({ settings, memory: imageMemory(), logger: quiet, ...options });
  await client.start();
  return client;
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable("it should have failed"),
    (error: unknown) => error,
  );

test("a process without its pack says in one sentence what to do", async () => {
  client = new InferenceClient({
    settings: { ...settings, pack: "facenet-20180402-114759", modelsDir: "/nowhere" },
    memory: imageMemory(),
    logger: quiet,
  });
  await expect(client.start()).rejects.toThrow(/facefleet models pull/);
  expect(client.ready).toBe(false);
  await client.close();
});

describe("a process", () => {
  const lettingGoMs = 2000;
  let vitals: InferenceVitals | undefined;

  beforeAll(async () => {
    await startedClient({
      lettingGoMs,
      onVitals: (latest) => {
        vitals = latest;
      },
    });
  });
  afterAll(() => client.close());

  test("says every few seconds what it holds", async () => {
    await expect.poll(() => vitals).toBeDefined();
    const { rssBytes, heapBytes, resources } = vitals!;
    expect(rssBytes).toBeGreaterThan(heapBytes);
    expect(heapBytes).toBeGreaterThan(1_000_000);
    expect(resources).toBeGreaterThan(0);
  });

  test("finds and embeds a face", async () => {
    const { faces, image } = await client.analyse(await drawn("oneFace"), options);
    expect(image.format).toBe("jpeg");
    expect(faces).toHaveLength(1);
    const embedding = faces[0]!.embedding!;
    expect(embedding).toBeInstanceOf(Float32Array);
    expect(embedding).toHaveLength(512);
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
  });

  test("a broken image fails alone", async () => {
    const good = await drawn("oneFace");
    const bad = await drawn("text");
    const [before, broken, after] = await Promise.allSettled(
      [good, bad, good].map((bytes) => client.analyse(bytes, options)),
    );
    expect(before?.status).toBe("fulfilled");
    expect(after?.status).toBe("fulfilled");
    const error = broken?.status === "rejected" && broken.reason;
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ code: "unsupported_image_format", retryable: false });
  });

  test("lives on when it lets go, also where its answer crosses a cancel", async () => {
    const { pid } = client;
    const abort = new AbortController();
    const aborted = failure(client.analyse(await drawn("crowd"), options, { signal: abort.signal }));
    setTimeout(() => abort.abort(new Error("canceled")), 50);
    await aborted;
    const bytes = await drawn("oneFace");
    const started = performance.now();
    await client.analyse(bytes, options);
    const tookMs = performance.now() - started;
    // Around the moment at which the answer comes, and right after it.
    for (let round = 0; round < 20; round++) {
      const abort = new AbortController();
      const analysis = client.analyse(bytes, options, { signal: abort.signal }).then(
        () => abort.abort(new Error("late")),
        () => undefined,
      );
      const timer = setTimeout(() => abort.abort(new Error("canceled")), tookMs * (0.8 + round * 0.02));
      await analysis;
      clearTimeout(timer);
    }
    await sleep(lettingGoMs + 500);
    expect(client.pid).toBe(pid);
    expect(client.ready).toBe(true);
  });

  test("an urgent image is not held up by the bytes of those that came before it", async () => {
    const noise = await sharp(randomBytes(1500 * 1500 * 3), { raw: { width: 1500, height: 1500, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer();
    expect(noise.byteLength).toBeGreaterThan(6e6);
    const ended: string[] = [];
    const patient = Array.from({ length: 8 }, async () => {
      await client.analyse(noise, options);
      ended.push("patient");
    });
    await client.analyse(await drawn("oneFace"), options, { urgent: true });
    ended.push("urgent");
    await Promise.all(patient);
    expect(ended.indexOf("urgent")).toBeLessThanOrEqual(2);
  });

  test("an aborted analysis rejects at once with the signal's reason, and others go on", async () => {
    const abort = new AbortController();
    const reason = new Error("canceled");
    const aborted = failure(client.analyse(await drawn("crowd"), options, { signal: abort.signal }));
    const kept = client.analyse(await drawn("oneFace"), options);
    setTimeout(() => abort.abort(reason), 50);
    expect(await aborted).toBe(reason);
    expect((await kept).faces).toHaveLength(1);
    expect(await failure(client.analyse(new Uint8Array(1), options, { signal: abort.signal }))).toBe(reason);
  });
});

describe("a process of a test's own", () => {
  afterEach(() => client.close());

  test.skipIf(skipped("tfjs-node in the inference process", noTfjsNode))("runs on tfjs-node when told to", async () => {
    const tfjsNode = { ...settings, engine: "tfjs-node", tfjsNodeDir } as const;
    client = new InferenceClient({ settings: tfjsNode, memory: imageMemory(), logger: quiet });
    expect(await client.start()).toMatchObject({ engine: "tfjs-node", device: "cpu", reason: "it was asked for" });
    const { faces } = await client.analyse(await drawn("oneFace"), options);
    expect(faces).toHaveLength(1);
  });

  test("what a killed process had is done by its successor, one at a time", async () => {
    const events: string[] = [];
    await startedClient({ onReady: () => events.push("ready"), onLost: () => events.push("lost") });
    const first = client.pid!;
    const bytes = await drawn("twoFaces");
    const pending = [1, 2, 3].map(() => client.analyse(bytes, options));
    setTimeout(() => process.kill(first, "SIGKILL"), 20);
    const analyses = await Promise.all(pending);
    expect(analyses.map(({ faces }) => faces.length)).toEqual([2, 2, 2]);
    expect(analyses.map(({ timings }) => timings.batchSize)).toEqual([1, 1, 1]);
    expect(client.pid).not.toBe(first);
    expect(events).toEqual(["ready", "lost", "ready"]);
  });

  test("an image whose process dies again fails alone, retryably", async () => {
    const die = () => process.kill(client.pid!, "SIGKILL");
    // The second start has the first suspect to itself.
    let starts = 0;
    await startedClient({ onReady: () => ++starts === 2 && setTimeout(die, 20) });
    const bytes = await drawn("crowd");
    const suspect = failure(client.analyse(bytes, options));
    const neighbours = [1, 2].map(async () => client.analyse(await drawn("oneFace"), options));
    setTimeout(die, 20);
    const error = await suspect;
    expect(error).toMatchObject({ code: "inference_failed", retryable: true });
    expect((error as ProblemError).cause).toMatchObject({ message: expect.stringContaining("SIGKILL") });
    expect((await Promise.all(neighbours)).map(({ faces }) => faces.length)).toEqual([1, 1]);
    expect((await client.analyse(await drawn("oneFace"), options)).faces).toHaveLength(1);
  });

  test("a process that hangs is killed once it has work, and its successor does it", async () => {
    await startedClient({ silenceMs: 8000 });
    const hung = client.pid!;
    process.kill(hung, "SIGSTOP");
    expect((await client.analyse(await drawn("oneFace"), options)).faces).toHaveLength(1);
    expect(client.pid).not.toBe(hung);
  });

  test("a process that does not let go of an image that is not wanted any more is killed", async () => {
    await startedClient({ lettingGoMs: 200 });
    const hung = client.pid!;
    process.kill(hung, "SIGSTOP");
    const abort = new AbortController();
    const aborted = failure(client.analyse(await drawn("oneFace"), options, { signal: abort.signal }));
    const neighbour = client.analyse(await drawn("oneFace"), options);
    abort.abort(new Error("canceled"));
    expect(await aborted).toBe(abort.signal.reason);
    expect((await neighbour).faces).toHaveLength(1);
    expect(client.pid).not.toBe(hung);
  });

  test("closing leaves no process", async () => {
    await startedClient();
    const pid = client.pid!;
    const pending = failure(client.analyse(await drawn("crowd"), options));
    await client.close();
    expect(await pending).toMatchObject({ code: "inference_failed" });
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
