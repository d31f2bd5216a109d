import { FacefleetError } from "@facefleet/client";
import { type Job, ProblemError } from "@facefleet/contracts";
import { expect, it } from "vitest";
import { submissionLine } from "./submission-line.js";
import { submissionTable } from "./submission-table.js";
import type { SubmitInput } from "./submit-input.js";

const box = { x: 0, y: 0, width: 10, height: 10 };

function image(name: string): SubmitInput {
  return { kind: "file", name, contentType: "image/png" };
}

function job(extra: Partial<Job>): Job {
  return {
    id: "j1",
    task: "detect",
    state: "succeeded",
    createdAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:00:00.250Z",
    attempts: 1,
    links: { self: "/v1/jobs/j1", events: "/v1/jobs/j1/events" },
    ...extra,
  };
}

const result = {
  image: { width: 20, height: 20, format: "png", orientation: 1, sha256: "" },
  faces: [
    { box, confidence: 0.91 },
    { box, confidence: 0.9987 },
  ],
  dropped: [],
  model: { pack: "p", detector: "d", embedder: "e", dimensions: 512, fingerprint: "f" },
  timings: { queueMs: 0, fetchMs: 0, decodeMs: 0, detectMs: 0, embedMs: 0, batchSize: 1 },
};

it("shows one line an image, with the reason of each failure", () => {
  const table = submissionTable([
    { input: image("two.png"), job: job({ result }) },
    { input: image("nobody.png"), job: job({ result: { ...result, faces: [] } }) },
    {
      input: image("broken.png"),
      job: job({ state: "failed", error: new ProblemError("image_undecodable").toProblem() }),
    },
    { input: image("gone.png"), error: new Error("Expected a file") },
  ]);
  expect(table).toBe(
    [
      "image       faces   best   ms  state",
      "two.png         2  0.999  250  succeeded",
      "nobody.png      0      -  250  succeeded",
      "broken.png      -      -  250  failed: image_undecodable (The image cannot be decoded)",
      "gone.png        -      -    -  Expected a file",
      "",
    ].join("\n"),
  );
});

it("says where the drawings are, when there are any", () => {
  const drawn = { input: image("a/x.png"), job: job({ result }), drawing: "out/a/x.png" };
  const table = submissionTable([drawn, { input: image("gone.png"), error: new Error("Expected a file") }]);
  expect(table).toBe(
    [
      "image     faces   best   ms  state            drawing",
      "a/x.png       2  0.999  250  succeeded        out/a/x.png",
      "gone.png      -      -    -  Expected a file",
      "",
    ].join("\n"),
  );
  expect(JSON.parse(submissionLine(drawn))).toMatchObject({ input: "a/x.png", drawing: "out/a/x.png" });
});

it("prints JSON with the whole job, or with the problem", () => {
  const done = job({ result });
  expect(JSON.parse(submissionLine({ input: image("a.png"), job: done }))).toEqual({ input: "a.png", job: done });
  const refused = submissionLine({
    input: image("b.png"),
    error: FacefleetError.fromProblem(new ProblemError("empty_image").toProblem()),
  });
  expect(JSON.parse(refused)).toMatchObject({ input: "b.png", error: { code: "empty_image", status: 400 } });
});
