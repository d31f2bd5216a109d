import type { Job } from "@facefleet/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.js";
import { portrait } from "../support/test-data.js";
import { Caller, expectProblem } from "./caller.js";
import { readEvents, type ServerSentEvent } from "./event-reader.js";
import { ImageServer } from "./image-server.js";

const acme = new Caller("acme");
const elsewhere = new Caller("acme", 1);

describe("waiting for a job", () => {
  let site: ImageServer;
  beforeAll(async () => {
    site = await ImageServer.start(await portrait());
  });
  beforeEach(() => site.hold());
  afterAll(() => site.stop());

  /** A job that is active until the site lets go. */
  async function activeJob(name: string): Promise<string> {
    const { body } = await acme.submit({ task: "detect", image: { url: site.url(`/held/${name}`) } });
    await eventually(() => site.waiting.has(`/held/${name}`));
    return body.id;
  }

  async function timed<T>(what: Promise<T>): Promise<[T, milliseconds: number]> {
    const started = performance.now();
    return [await what, performance.now() - started];
  }

  describe("with wait", () => {
    it("is answered at the job's end, by the other process", async () => {
      const id = await activeJob("wait");
      const waiting = timed(elsewhere.get<Job>(`/v1/jobs/${id}?wait=30`));
      site.letGo();
      const [{ status, body }, took] = await waiting;
      expect([status, body.state]).toEqual([200, "succeeded"]);
      expect(took).toBeLessThan(15_000);
    });

    it("is answered with the job as it is once the wait is over", async () => {
      const id = await activeJob("impatient");
      for (const wait of ["", "?wait=0"]) {
        const { body } = await elsewhere.get<Job>(`/v1/jobs/${id}${wait}`);
        expect(body).toMatchObject({ id, state: "active", attempts: 1 });
        expect(body).toHaveProperty("startedAt");
        for (const late of ["finishedAt", "expiresAt", "result", "error"]) expect(body).not.toHaveProperty(late);
      }
      const [{ body }, took] = await timed(elsewhere.get<Job>(`/v1/jobs/${id}?wait=1`));
      expect(body.state).toBe("active");
      expect(took).toBeGreaterThan(950);
      // A stage is shown once it takes its time.
      await eventually(async () => (await elsewhere.job(id)).body.progress?.stage === "fetch");
      site.letGo();
      await acme.ended(id);
    });

    it("is answered at once when the job has ended", async () => {
      site.letGo();
      const { id } = await acme.finished(acme.submit({ task: "detect", image: { url: site.url("/image") } }));
      const [{ body }, took] = await timed(elsewhere.get<Job>(`/v1/jobs/${id}?wait=30`));
      expect(body.state).toBe("succeeded");
      expect(took).toBeLessThan(5000);
    });

    it.each(["-1", "31", "1.5", "x", "", "1e1", "0x5"])("is refused for wait=%s", async (wait) => {
      const answer = await acme.get(`/v1/jobs/j${"0".repeat(32)}?wait=${wait}`);
      expectProblem(answer, 400, "invalid_request");
      expect(answer.body.errors).toMatchObject([{ path: "/wait" }]);
    });

    it("is refused with what else is asked", async () => {
      expectProblem(await acme.get(`/v1/jobs/j${"0".repeat(32)}?wait=1&colour=red`), 400, "invalid_request");
    });
  });

  describe("by its events", () => {
    it("shows its states and its progress until its end, at the other process", async () => {
      const id = await activeJob("events");
      const response = await elsewhere.open("GET", `/v1/jobs/${id}/events`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
      const events: ServerSentEvent[] = [];
      for await (const event of readEvents(response)) {
        events.push(event);
        if ((event.data as Job).progress) site.letGo();
      }
      const jobs = events.map(({ data }) => data as Job);
      for (const job of jobs) expect(job).toMatchObject({ id, task: "detect" });
      expect(jobs[0]).toMatchObject({ state: "active", attempts: 1 });
      expect(jobs).toContainEqual(expect.objectContaining({ state: "active", progress: { stage: "fetch" } }));
      expect(jobs.slice(0, -1).filter(({ finishedAt }) => finishedAt !== undefined)).toEqual([]);
      const { result, ...ended } = await acme.ended(id);
      expect(jobs.at(-1)).toEqual(ended);
      expect(new Set(events.map(({ event }) => event))).toEqual(new Set(["job"]));
    });

    it("begins with the job while it is queued", async () => {
      site.letGo();
      const submitted = await acme.submit({ task: "detect", image: { url: site.url("/image") } });
      const events = await allOf(elsewhere, submitted.body.id);
      const order = ["queued", "active", "succeeded"];
      const places = events.map(({ data }) => order.indexOf((data as Job).state));
      expect(places).toEqual([...places].sort());
      expect(places.at(-1)).toBe(2);
    });

    it("says that a job that has ended has, once", async () => {
      site.letGo();
      const { id } = await acme.finished(acme.submit({ task: "detect", image: { url: site.url("/status/404") } }));
      const events = await allOf(elsewhere, id);
      expect(events).toMatchObject([{ event: "job", data: { state: "failed", error: { code: "image_not_found" } } }]);
      const again = await acme.get(`/v1/jobs/${id}/events`, { "last-event-id": events[0]!.id });
      expect([again.status, again.text]).toEqual([204, ""]);
      const seenLess = await acme.get(`/v1/jobs/${id}/events`, { "last-event-id": "1-active" });
      expect([seenLess.status, seenLess.text]).toEqual([200, expect.stringContaining('"state":"failed"')]);
    });

    it("tells that it was canceled", async () => {
      const id = await activeJob("canceled");
      const watching = allOf(elsewhere, id);
      await acme.delete(`/v1/jobs/${id}`);
      expect((await watching).at(-1)).toMatchObject({ data: { state: "canceled" } });
    });
  });
});

async function allOf(caller: Caller, id: string): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of readEvents(await caller.open("GET", `/v1/jobs/${id}/events`))) events.push(event);
  return events;
}
