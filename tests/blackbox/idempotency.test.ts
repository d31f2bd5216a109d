import { randomUUID } from "node:crypto";
import type { Job } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.js";
import { portrait, twoPortraits } from "../support/test-data.js";
import { type Answer, Caller, expectProblem } from "./caller.js";
import { ImageServer } from "./image-server.js";
import { putPhoto } from "./s3-objects.js";

const acme = new Caller("acme");
const elsewhere = new Caller("acme", 1);
const both = (index: number) => (index % 2 === 0 ? acme : elsewhere);

describe("the same idempotency key", () => {
  let site: ImageServer;
  let image: object;
  beforeAll(async () => {
    site = await ImageServer.start(await portrait());
    image = await putPhoto(await portrait());
  });
  afterAll(() => site.stop());

  const expectOneJob = (answers: readonly Answer<Job>[]) => {
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(answers.length - 1).fill(200), 202]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    return answers[0]!.body.id;
  };

  it("gives one job to 50 requests at once, over both processes", async () => {
    const key = { "idempotency-key": randomUUID() };
    const metadata = { group: randomUUID() };
    const submitted = Array.from({ length: 50 }, (_, index) =>
      both(index).submit({ task: "detect", image, metadata }, key),
    );
    const id = expectOneJob(await Promise.all(submitted));
    expect(await elsewhere.ended(id)).toMatchObject({ state: "succeeded", attempts: 1 });
    const listed = (await acme.get<{ jobs: Job[] }>("/v1/jobs?limit=100")).body.jobs;
    expect(listed.filter((job) => job.metadata?.group === metadata.group).map((job) => job.id)).toEqual([id]);
  });

  it("gives one job to 20 forms at once, that each bring their image", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const bytes = new Blob([Uint8Array.from(await portrait())]);
    const submitted = Array.from({ length: 20 }, (_, index) => {
      const form = new FormData();
      form.append("job", JSON.stringify({ task: "detect" }));
      form.append("image", bytes);
      return both(index).call<Job>("POST", "/v1/jobs", { form, headers });
    });
    const id = expectOneJob(await Promise.all(submitted));
    expect((await elsewhere.ended(id)).state).toBe("succeeded");
  });

  it("gives one of two different requests at once its job, and refuses the other", async () => {
    const key = { "idempotency-key": randomUUID() };
    const tasks = Array.from({ length: 20 }, (_, index) => (index % 4 < 2 ? "detect" : "embed"));
    const answers = await Promise.all(tasks.map((task, index) => both(index).submit({ task, image }, key)));
    const taken = answers.filter(({ status }) => status < 300);
    expectOneJob(taken);
    expect(taken).toHaveLength(10);
    for (const answer of answers) if (answer.status >= 300) expectProblem(answer, 409, "idempotency_conflict");
  });

  it("gives the same job whatever has happened to it", async () => {
    const key = { "idempotency-key": randomUUID() };
    const request = { task: "detect", image: { url: site.url("/held/once") }, metadata: { a: "b" } };
    const again = async () => {
      const { status, headers, body } = await elsewhere.submit(request, key);
      expect([status, headers.get("location"), body.id]).toEqual([200, `/v1/jobs/${id}`, id]);
      return body;
    };
    const { id } = (await acme.submit(request, key)).body;
    await eventually(() => site.waiting.has("/held/once"));
    expect((await again()).state).toBe("active");
    site.letGo();
    const ended = await acme.ended(id);
    expect(await again()).toEqual(ended);
    await acme.delete(`/v1/jobs/${id}`);
    const remembered = await again();
    expect(remembered).toMatchObject({ task: "detect", state: "succeeded", finishedAt: ended.finishedAt });
    for (const gone of ["result", "metadata"]) expect(remembered).not.toHaveProperty(gone);
    expectProblem(await acme.job(id), 404, "job_not_found");
    expectProblem(await acme.submit({ ...request, task: "embed" }, key), 409, "idempotency_conflict");
  });

  it("gives the same job once it has failed, and once it has been tried again or canceled", async () => {
    const s3 = { bucket: "photos", key: `${randomUUID()}.png` };
    const key = { "idempotency-key": randomUUID() };
    const again = () => elsewhere.submit({ task: "detect", image: { s3 } }, key);
    const failed = await acme.finished(again());
    expect(await again()).toMatchObject({ status: 200, body: failed });
    await putPhoto(await portrait(), s3);
    await acme.post(`/v1/jobs/${failed.id}/retry`);
    const succeeded = await acme.ended(failed.id);
    expect(succeeded.state).toBe("succeeded");
    expect(await again()).toMatchObject({ status: 200, body: succeeded });

    const other = { "idempotency-key": randomUUID() };
    const { id } = (await acme.submit({ task: "detect", image }, other)).body;
    await acme.delete(`/v1/jobs/${id}`);
    const repeated = await elsewhere.submit({ task: "detect", image }, other);
    expect([repeated.status, repeated.body.id]).toEqual([200, id]);
  });

  it("is refused with another body, whatever differs", async () => {
    const key = { "idempotency-key": randomUUID() };
    const request = { task: "detect", image };
    expect((await acme.submit(request, key)).status).toBe(202);
    for (const other of [
      { ...request, task: "embed" },
      { ...request, image: { s3: { bucket: "photos", key: "another.png" } } },
      { ...request, options: { maxFaces: 99 } },
      { ...request, priority: "high" },
      { ...request, metadata: { a: "b" } },
      { ...request, resultTtlSeconds: 60 },
      { ...request, webhook: { url: "https://example.com/" } },
    ]) {
      expectProblem(await elsewhere.submit(other, key), 409, "idempotency_conflict");
    }
    const spelledOut = { ...request, priority: "normal", options: { maxFaces: 100, order: "prominence" } };
    expect((await elsewhere.submit(spelledOut, key)).status).toBe(200);
  });

  it("is refused with another image, sent along", async () => {
    const send = async (bytes: Buffer) => {
      const form = new FormData();
      form.append("job", JSON.stringify({ task: "detect" }));
      form.append("image", new Blob([Uint8Array.from(bytes)]));
      return acme.call<Job>("POST", "/v1/jobs", { form, headers });
    };
    const headers = { "idempotency-key": "k".repeat(255) };
    const first = await send(await portrait());
    const second = await send(await portrait());
    expect([first.status, second.status, second.body.id]).toEqual([202, 200, first.body.id]);
    expectProblem(await send(await twoPortraits()), 409, "idempotency_conflict");
    expect((await acme.ended(first.body.id)).state).toBe("succeeded");
  });

  it("is another one for another tenant", async () => {
    const key = { "idempotency-key": randomUUID() };
    const mine = await acme.submit({ task: "detect", image }, key);
    const theirs = await new Caller("globex", 1).submit({ task: "embed", image }, key);
    expect([mine.status, theirs.status]).toEqual([202, 202]);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });

  it("is not used up by a request that was refused", async () => {
    const key = { "idempotency-key": randomUUID() };
    const closed = { s3: { bucket: "elsewhere", key: "a.png" } };
    expectProblem(await acme.submit({ task: "dream", image }, key), 400, "invalid_request");
    expectProblem(await acme.submit({ task: "detect", image: closed }, key), 403, "bucket_forbidden");
    expect((await elsewhere.submit({ task: "detect", image }, key)).status).toBe(202);
  });
});
