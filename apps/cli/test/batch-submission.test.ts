import { FacefleetClient } from "@facefleet/client";
import { ProblemError } from "@facefleet/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { batchAnswer } from "../../../packages/client/test/answers.js";
import { type ScriptedServer, startScriptedServer } from "../../../packages/client/test/scripted-server.js";
import { prefixSource, submitPrefix } from "../src/submit/batch-submission.js";

let server: ScriptedServer;

beforeEach(async () => {
  server = await startScriptedServer();
});
afterEach(() => server.close());

const request = { task: "detect", prefix: prefixSource(["s3://photos/2026/"]) } as const;

function submit(told: unknown[]) {
  return submitPrefix(new FacefleetClient({ url: server.url }), request, {
    onStart: ({ id }) => void told.push(id),
    onProgress: ({ progress }) => void told.push(progress),
    onLine: ({ index }) => void told.push(`line ${index}`),
  });
}

it("submits a prefix, waits for the end, hands over the lines, and counts the failures", async () => {
  const lines = ["succeeded", "failed", "canceled"].map((state, index) => `${JSON.stringify({ index, state })}\n`);
  const results = { status: 200, body: lines.join("") };
  server.answer(batchAnswer("queued"), batchAnswer("active", 0.5), batchAnswer("finished", 1), results);
  const told: unknown[] = [];
  expect(await submit(told)).toEqual({ items: 3, failed: 2 });
  expect(told).toEqual(["b1", 0.5, 1, "line 0", "line 1", "line 2"]);
  expect(JSON.parse(server.requests[0]!.body)).toEqual({
    task: "detect",
    prefix: { s3: { bucket: "photos", prefix: "2026/" } },
  });
});

it("takes a prefix below which there is nothing for a mistake", async () => {
  server.answer(batchAnswer("queued"), batchAnswer("finished", 1), { status: 200, body: "" });
  await expect(submit([])).rejects.toThrow("Expected images below s3://photos/2026/ but found none");
});

it("says why the items could not be read", async () => {
  const failed = batchAnswer("failed");
  const error = new ProblemError("bucket_forbidden").toProblem();
  server.answer(batchAnswer("queued"), { ...failed, body: { ...failed.body, error } });
  await expect(submit([])).rejects.toThrow("Expected images below s3://photos/2026/ but received The bucket may not");
});

it("reads a prefix, and takes nothing else for one", () => {
  expect(prefixSource(["s3://photos/"])).toEqual({ s3: { bucket: "photos", prefix: "" } });
  expect(prefixSource(["s3://photos/a/b c/"])).toEqual({ s3: { bucket: "photos", prefix: "a/b c/" } });
  for (const names of [["s3://photos"], ["s3://photos/a.jpg"], ["photos/"], ["s3://a/", "s3://b/"], []]) {
    expect(() => prefixSource(names)).toThrow(/Expected one s3:\/\/bucket\/prefix\/ for --batch/);
  }
});
