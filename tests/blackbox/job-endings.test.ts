import { randomUUID } from "node:crypto";
import type { Job, JobList } from "@facefleet/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.js";
import { portrait } from "../support/test-data.js";
import { Caller, expectProblem } from "./caller.js";
import { ImageServer } from "./image-server.js";
import { putPhoto } from "./s3-objects.js";

const acme = new Caller("acme");
const elsewhere = new Caller("acme", 1);

/** Jobs that two workers hold at once: each twice the 16 images of a batch. */
const places = 64;
/** So many that no host is asked for more of these than each of the workers may ask one for. */
const hosts = 16;

describe("a job that is not wanted any more", () => {
  let site: ImageServer;
  let image: object;
  beforeAll(async () => {
    site = await ImageServer.start(await portrait(), { hosts });
    image = await putPhoto(await portrait());
  });
  beforeEach(() => site.hold());
  afterAll(() => site.stop());

  /** Jobs that are active until the site lets go. */
  async function held(count: number): Promise<string[]> {
    const group = randomUUID();
    const paths = Array.from({ length: count }, (_, index) => `/held/${group}-${index}`);
    const submitted = paths.map((path, index) =>
      acme.submit({ task: "detect", image: { url: site.url(path, index) }, options: { minFaceSize: 100 } }),
    );
    const ids = (await Promise.all(submitted)).map(({ body }) => body.id);
    await eventually(() => site.waiting.size >= Math.min(count, places));
    return ids;
  }

  async function expectCanceledWithin(id: string, milliseconds: number): Promise<void> {
    const deadline = performance.now() + milliseconds;
    expect((await elsewhere.delete(`/v1/jobs/${id}`)).status).toBe(204);
    await eventually(async () => (await acme.job(id)).body.state === "canceled", deadline - performance.now());
    const { body } = await acme.job(id);
    expect(body).not.toHaveProperty("result");
    expect(Date.parse(body.expiresAt!) - Date.parse(body.finishedAt!)).toBe(86_400_000);
  }

  it("is canceled while it is active, at once and for good, and its neighbours are not", async () => {
    const [first, canceled, last] = (await held(3)) as [string, string, string];
    await expectCanceledWithin(canceled, 1000);
    // The worker lets go of the image as well.
    await eventually(() => site.waiting.size === 2);
    site.letGo();
    for (const id of [first, last])
      expect(await elsewhere.ended(id)).toMatchObject({ state: "succeeded", attempts: 1 });
    expect((await acme.job(canceled)).body.state).toBe("canceled");
  });

  it("is canceled while it is queued, and never begins", async () => {
    const ids = await held(places);
    const { body } = await acme.submit({ task: "detect", image: { url: site.url("/held/queued") } });
    expect((await elsewhere.job(body.id)).body.state).toBe("queued");
    await expectCanceledWithin(body.id, 1000);
    site.letGo();
    const neighbours = await Promise.all(ids.map((id) => elsewhere.ended(id)));
    expect(new Set(neighbours.map(({ state }) => state))).toEqual(new Set(["succeeded"]));
    const { state, attempts, startedAt } = (await acme.job(body.id)).body;
    expect([state, attempts, startedAt]).toEqual(["canceled", 0, undefined]);
  });

  it("is canceled while it waits to be tried again", async () => {
    const { body } = await acme.submit({ task: "detect", image: { url: site.url("/status/503") } });
    await eventually(async () => {
      const { state, attempts } = (await acme.job(body.id)).body;
      return state === "queued" && attempts > 0;
    });
    await expectCanceledWithin(body.id, 1000);
    expect((await acme.job(body.id)).body.attempts).toBeLessThan(3);
  });

  it("is canceled amid the others of its batch, whatever is being done with it", async () => {
    const submitted = await Promise.all(Array.from({ length: 24 }, () => acme.submit({ task: "embed", image })));
    const ids = submitted.map(({ body }) => body.id);
    const unwanted = ids.filter((_, index) => index % 4 === 0);
    const deletions = await Promise.all(unwanted.map((id) => elsewhere.delete(`/v1/jobs/${id}`)));
    expect(new Set(deletions.map(({ status }) => status))).toEqual(new Set([204]));
    for (const id of ids.filter((id) => !unwanted.includes(id))) {
      expect(await acme.ended(id)).toMatchObject({ state: "succeeded", result: { faces: [{}] } });
    }
    // Those that had ended already are erased.
    for (const id of unwanted) {
      const { status, body } = await acme.job(id);
      if (status !== 404) expect(body.state).toBe("canceled");
    }
  });

  it("can be canceled again and again", async () => {
    const [id] = (await held(1)) as [string];
    const together = await Promise.all(
      [acme, elsewhere, acme, elsewhere].map((caller) => caller.delete(`/v1/jobs/${id}`)),
    );
    expect(together.map(({ status, text }) => [status, text])).toEqual(Array(4).fill([204, ""]));
    expect((await acme.delete(`/v1/jobs/${id}`)).status).toBe(204);
    expect((await elsewhere.job(id)).body.state).toBe("canceled");
  });

  it.each(["/image", "/status/404"])("is erased at once when it has ended: %s", async (path) => {
    const { id } = await acme.finished(acme.submit({ task: "detect", image: { url: site.url(path) } }));
    expect((await elsewhere.delete(`/v1/jobs/${id}`)).status).toBe(204);
    expectProblem(await acme.job(id), 404, "job_not_found");
    expect((await acme.delete(`/v1/jobs/${id}`)).status).toBe(204);
    expectProblem(await elsewhere.job(id), 404, "job_not_found");
    const { jobs } = (await acme.get<JobList>("/v1/jobs?limit=100")).body;
    expect(jobs.map((job) => job.id)).not.toContain(id);
  });
});

describe("a job that failed", () => {
  it("can be tried again, and goes on under its id", async () => {
    const s3 = { bucket: "photos", key: `${randomUUID()}.png` };
    const request = { task: "detect", image: { s3 }, metadata: { a: "b" }, resultTtlSeconds: 90 };
    const failed = await acme.finished(acme.submit(request));
    expect(failed).toMatchObject({ state: "failed", attempts: 1, error: { code: "image_not_found" } });
    await putPhoto(await portrait(), s3);
    const retried = await elsewhere.post<Job>(`/v1/jobs/${failed.id}/retry`);
    expect([retried.status, retried.headers.get("location")]).toEqual([202, `/v1/jobs/${failed.id}`]);
    expect(retried.body).toMatchObject({ id: failed.id, state: "queued", metadata: { a: "b" } });
    expect(retried.body).not.toHaveProperty("error");
    const ended = await acme.ended(failed.id);
    expect(ended).toMatchObject({ state: "succeeded", attempts: 2, createdAt: failed.createdAt });
    expect(Date.parse(ended.expiresAt!) - Date.parse(ended.finishedAt!)).toBe(90_000);
  });

  it("fails again when nothing has changed, and can be tried once more", async () => {
    const request = { task: "detect", image: { s3: { bucket: "photos", key: "nowhere.png" } } };
    const { id } = await acme.finished(acme.submit(request));
    for (const attempts of [2, 3]) {
      expect((await acme.post(`/v1/jobs/${id}/retry`)).status).toBe(202);
      expect(await elsewhere.ended(id)).toMatchObject({ state: "failed", attempts });
    }
  });

  it("is tried again once, however many ask", async () => {
    const request = { task: "detect", image: { s3: { bucket: "photos", key: "nowhere.png" } } };
    const { id } = await acme.finished(acme.submit(request));
    const answers = await Promise.all(
      [acme, elsewhere, acme, elsewhere].map((api) => api.post(`/v1/jobs/${id}/retry`)),
    );
    const taken = answers.filter(({ status }) => status === 202).length;
    for (const answer of answers) if (answer.status !== 202) expectProblem(answer, 409, "job_not_failed");
    expect(taken).toBeGreaterThanOrEqual(1);
    expect((await acme.ended(id)).attempts).toBeLessThanOrEqual(1 + taken);
  });

  it("cannot be tried again when its image was sent along, and is gone", async () => {
    const job = { task: "detect" };
    const { id } = await acme.finished(acme.sendImage<Job>("/v1/jobs", Buffer.from("no image"), { job }));
    expectProblem(await acme.post(`/v1/jobs/${id}/retry`), 409, "job_not_repeatable");
  });
});

describe("a job that did not fail", () => {
  it("cannot be tried again", async () => {
    const site = await ImageServer.start(await portrait());
    const submit = (path: string) => acme.submit({ task: "detect", image: { url: site.url(path) } });
    const succeeded = await acme.finished(submit("/image"));
    const active = (await submit("/held/active")).body;
    const canceled = (await submit("/held/canceled")).body;
    await acme.delete(`/v1/jobs/${canceled.id}`);
    for (const { id } of [succeeded, active, canceled]) {
      expectProblem(await elsewhere.post(`/v1/jobs/${id}/retry`), 409, "job_not_failed");
    }
    site.letGo();
    expect((await acme.ended(active.id)).state).toBe("succeeded");
    await site.stop();
  });
});
