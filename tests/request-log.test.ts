import type { Batch, Job } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnImages } from "./support/drawn-images.js";
import { Fleet } from "./support/fleet.js";
import { WebhookReceiver } from "./support/webhook-receiver.js";

interface Line {
  readonly name: string;
  readonly msg: string;
  readonly requestId?: string;
  readonly jobId?: string;
  readonly batchId?: string;
  readonly subject?: string;
  readonly tenant?: string;
}

describe("a request's id leads from the API's line to those of whoever did what was asked for", () => {
  let fleet: Fleet;
  let receiver: WebhookReceiver;
  let broken: Buffer;
  beforeAll(async () => {
    const image = await drawnImages.oneFace();
    broken = Buffer.from(image.subarray(0, Math.floor(image.length / 2)));
    receiver = await WebhookReceiver.start();
    fleet = await Fleet.start({ EGRESS_ALLOW: "127.0.0.0/8", LOG_FORMAT: "json", LOG_LEVEL: "info" });
  });
  afterAll(async () => {
    await fleet.stop();
    await receiver.stop();
  });

  /** Once there is one with this message. */
  async function linesOf(requestId: string, last: string): Promise<Line[]> {
    const lines = () =>
      fleet.output
        .split("\n")
        .filter((line) => line.includes(requestId))
        .map((line) => JSON.parse(line) as Line);
    await expect.poll(() => lines().map(({ msg }) => msg)).toContain(last);
    return lines();
  }

  const saying = (lines: readonly Line[], message: string) => lines.filter(({ msg }) => msg === message);
  const idOf = (answer: Response) => answer.headers.get("x-request-id")!;

  it("of a job whose image cannot be decoded, with what the decoder said", async () => {
    const answer = await fleet.postImage("/v1/jobs", broken, { task: "detect", webhook: { url: receiver.url } });
    const { id } = (await answer.json()) as Job;
    const lines = await linesOf(idOf(answer), "webhook sent");
    const tenant = "default";
    expect(saying(lines, "answered")).toMatchObject([{ name: "api", jobId: id, tenant }]);
    expect(saying(lines, "job ended")).toMatchObject([
      { name: "worker", jobId: id, tenant, code: "image_undecodable" },
    ]);
    expect(saying(lines, "webhook sent")).toMatchObject([{ name: "worker", subject: id, tenant }]);
    const [failed] = saying(lines, "Job attempt failed");
    expect(failed).toMatchObject({
      name: "worker",
      jobId: id,
      err: { cause: { message: expect.stringMatching(/premature end|corrupt/i) } },
    });
  });

  it("of an image that is analysed at once", async () => {
    const answer = await fleet.postImage("/detect-face", await drawnImages.oneFace());
    expect(answer.status).toBe(200);
    const lines = await linesOf(idOf(answer), "answered");
    const [ended] = saying(lines, "job ended");
    expect(saying(lines, "answered")).toMatchObject([{ jobId: ended!.jobId }]);
  });

  it("of a batch, each of its items, and its announcement", async () => {
    const items = [0, 1].map((index) => ({ s3: { bucket: "photos", key: `absent-${index}.jpg` } }));
    const answer = await fleet.postJson("/v1/batches", { task: "detect", items, webhook: { url: receiver.url } });
    const { id } = (await answer.json()) as Batch;
    const lines = await linesOf(idOf(answer), "webhook sent");
    expect(saying(lines, "answered")).toMatchObject([{ batchId: id }]);
    expect(saying(lines, "job ended").map(({ batchId }) => batchId)).toEqual([id, id]);
    expect(saying(lines, "batch ended")).toMatchObject([{ batchId: id }]);
    expect(saying(lines, "webhook sent")).toMatchObject([{ subject: id }]);
  });
});
