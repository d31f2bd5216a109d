import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FacefleetClient } from "@facefleet/client";
import { ProblemError } from "@facefleet/contracts";
import { freePort } from "@facefleet/stack";
import { afterEach, beforeEach, expect, it } from "vitest";
import { jobAnswer, problemAnswer } from "../../../packages/client/test/answers.js";
import { type ScriptedServer, startScriptedServer } from "../../../packages/client/test/scripted-server.js";
import { assertServiceAnswers } from "../src/submit/service-check.js";
import { submitAll } from "../src/submit/submission.js";
import { submissionLine } from "../src/submit/submission-line.js";
import type { SubmitInput } from "../src/submit/submit-input.js";

let server: ScriptedServer;
let folder: string;
let image: SubmitInput;

beforeEach(async () => {
  server = await startScriptedServer();
  folder = await mkdtemp(join(tmpdir(), "submission-"));
  image = { kind: "file", name: join(folder, "a.png"), contentType: "image/png" };
  await writeFile(image.name, "the bytes of an image");
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function submit(inputs: SubmitInput[], ended: string[] = []) {
  return submitAll(inputs, {
    client: new FacefleetClient({ url: server.url, maxRetries: 0 }),
    request: { task: "detect", options: { maxFaces: 3 } },
    concurrency: 1,
    onEnd: ({ input }) => void ended.push(input.name),
  });
}

it("sends files as they are and objects by their names", async () => {
  server.answer(jobAnswer("succeeded"), jobAnswer("succeeded"));
  await submit([image, { kind: "s3", name: "s3://photos/a/b.jpg", bucket: "photos", key: "a/b.jpg" }]);
  const [file, object] = server.requests;
  expect(file!.body).toContain('{"task":"detect","options":{"maxFaces":3}}');
  expect(file!.body).toContain("Content-Type: image/png\r\n\r\nthe bytes of an image");
  expect(JSON.parse(object!.body)).toEqual({
    task: "detect",
    options: { maxFaces: 3 },
    image: { s3: { bucket: "photos", key: "a/b.jpg" } },
  });
});

it("lets one input fail without stopping the others, and keeps their order", async () => {
  server.answer(jobAnswer("succeeded"), problemAnswer("empty_image"), jobAnswer("succeeded"));
  const fault: SubmitInput = { kind: "fault", name: "gone", fault: "Expected a file" };
  const lost: SubmitInput = { kind: "file", name: join(folder, "lost.png"), contentType: "image/png" };
  const ended: string[] = [];
  const submissions = await submit([image, fault, image, lost, image], ended);
  expect(submissions.map(({ job, error }) => job?.state ?? error?.message)).toEqual([
    "succeeded",
    "Expected a file",
    new ProblemError("empty_image").message,
    expect.stringMatching(/lost\.png|no such file|ENOENT|Unable/i),
    "succeeded",
  ]);
  expect(ended).toHaveLength(5);
  expect(JSON.parse(submissionLine(submissions[2]!)).error).toEqual(new ProblemError("empty_image").toProblem());
});

it("prints the code of a failure that is no answer of the service", async () => {
  server.answer({ status: 404, body: "<html>" });
  const [submission] = await submit([image]);
  expect(JSON.parse(submissionLine(submission!))).toEqual({
    input: image.name,
    error: { code: "unexpected_answer", retryable: false, detail: expect.stringContaining("404") },
  });
});

it("says what to do when no service is there, or one that wants another key", async () => {
  const nobody = assertServiceAnswers({ url: `http://127.0.0.1:${await freePort()}` });
  await expect(nobody).rejects.toThrow(/Expected a Facefleet service at .* but nothing answered; start one with npm/);
  server.answer(problemAnswer("unauthorized"), problemAnswer("unauthorized"), { status: 404, body: "<html>" });
  const { url } = server;
  await expect(assertServiceAnswers({ url })).rejects.toThrow(/in FACEFLEET_API_KEY but there is none/);
  const refused = assertServiceAnswers({ url, apiKey: "hidden" });
  await expect(refused).rejects.toThrow(/in FACEFLEET_API_KEY but it was refused/);
  await expect(refused).rejects.not.toThrow(/hidden/);
  expect(server.requests[1]!.headers.authorization).toBe("Bearer hidden");
  await expect(assertServiceAnswers({ url })).rejects.toThrow(/Expected an answer of Facefleet but received 404/);
});

it("goes on with a service that is only busy", async () => {
  server.answer(problemAnswer("queue_unavailable"), { status: 200, body: { workers: [] } });
  await assertServiceAnswers({ url: server.url });
  await assertServiceAnswers({ url: server.url });
  expect(server.requests).toHaveLength(2);
});
