import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { portrait } from "../../../tests/support/test-data.js";
import { everyFace, openPipeline } from "./pipeline-under-test.js";

it.each([
  ["as it is by default", undefined],
  ["of the caller's own", new Error("the caller has left")],
])("an image that waits for its batch is given up with the signal's reason, %s", async (_, reason) => {
  const { pipeline } = await openPipeline("onnx-cpu", { maxQueueDelayMs: 2000 });
  const abort = new AbortController();
  const analysis = pipeline.analyse(await portrait(), everyFace, { signal: abort.signal }).catch((error) => error);
  // Long enough to be decoded, and well within the time that a batch waits for company.
  await delay(500);
  abort.abort(reason);
  expect(await analysis).toBe(abort.signal.reason);
  await pipeline.close();
});
