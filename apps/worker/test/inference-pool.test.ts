import { imageMemory } from "@facefleet/core/batching";
import { afterEach, describe, expect, test, vi } from "vitest";
import { InferencePool, type InferencePoolOptions } from "../src/inference/inference-pool.js";
import type { InferenceVitals } from "../src/inference/protocol.js";
import { drawn, inferenceSettings, analysisOptions as options, quiet } from "./environment.js";

let pool: InferencePool;

async function startedPool(own: Partial<InferencePoolOptions> = {}): Promise<InferencePool> {
  const settings = { ...inferenceSettings, threads: 1 };
  pool = new InferencePool({ settings, memory: imageMemory(), processes: 2, logger: quiet, ...own });
  await pool.start();
  return pool;
}

afterEach(() => pool.close());

describe("two inference processes", () => {
  test("share images, and say together what they hold", async () => {
    const onReady = vi.fn();
    let vitals: InferenceVitals | undefined;
    await startedPool({
      onReady,
      onVitals: (latest) => {
        vitals = latest;
      },
    });
    expect(new Set(pool.pids).size).toBe(2);
    expect(onReady).toHaveBeenCalledTimes(1);
    const bytes = await drawn("oneFace");
    const analyses = await Promise.all([1, 2, 3, 4].map(() => pool.analyse(bytes, options)));
    for (const { faces, timings } of analyses) {
      expect(faces).toHaveLength(1);
      // Four images in one process would have shared a batch.
      expect(timings.batchSize).toBeLessThanOrEqual(2);
    }
    // One warm process holds less than 400 MB, and each more than 200 MB.
    await expect.poll(() => vitals?.rssBytes ?? 0).toBeGreaterThan(400e6);
  });

  test("share one memory, whose room a process that dies gives back", async () => {
    // Too small for two images.
    await startedPool({ memory: imageMemory(1) });
    const bytes = await drawn("twoFaces");
    const timed = async () => {
      const started = performance.now();
      const { timings } = await pool.analyse(bytes, options);
      return { memoryMs: timings.memoryMs, tookMs: performance.now() - started };
    };
    const [first, second] = (await Promise.all([timed(), timed()])).sort((a, b) => a.tookMs - b.tookMs);
    expect(second!.memoryMs).toBeGreaterThan(0.8 * first!.tookMs);
    const [holder] = pool.pids as [number, number];
    const both = [pool.analyse(bytes, options), pool.analyse(bytes, options)];
    process.kill(holder, "SIGKILL");
    expect((await Promise.all(both)).map(({ faces }) => faces.length)).toEqual([2, 2]);
  });

  test("the one that is left does the work of both until the other is back", async () => {
    const [onReady, onLost] = [vi.fn(), vi.fn()];
    await startedPool({ onReady, onLost });
    const [first, second] = pool.pids as [number, number];
    process.kill(first, "SIGKILL");
    await expect.poll(() => pool.pids.includes(first)).toBe(false);
    const bytes = await drawn("oneFace");
    const analyses = await Promise.all([1, 2, 3].map(() => pool.analyse(bytes, options)));
    expect(analyses.map(({ faces }) => faces.length)).toEqual([1, 1, 1]);
    expect(pool.pids).toContain(second);
    expect(pool.ready).toBe(true);
    expect([onReady.mock.calls.length, onLost.mock.calls.length]).toEqual([1, 0]);
  });

  test("when both are gone the pool is lost, and ready again when the first is back", async () => {
    const [onReady, onLost] = [vi.fn(), vi.fn()];
    await startedPool({ onReady, onLost });
    for (const pid of pool.pids) process.kill(pid, "SIGKILL");
    await expect.poll(() => onLost.mock.calls.length).toBe(1);
    await expect.poll(() => onReady.mock.calls.length).toBe(2);
    expect((await pool.analyse(await drawn("oneFace"), options)).faces).toHaveLength(1);
  });
});
