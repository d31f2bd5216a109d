import type { Job, JobList } from "@facefleet/contracts";
import { beforeAll, describe, expect, it } from "vitest";
import { portrait } from "../support/test-data.js";
import { Caller } from "./caller.js";
import { putPhoto } from "./s3-objects.js";

const crowd = [new Caller("acme"), new Caller("acme", 1)] as const;
const one = new Caller("globex");

/** As many as a tenant sends here before another one comes. */
const jobCount = 600;

describe("a tenant with many jobs", () => {
  let request: object;
  beforeAll(async () => {
    const image = await putPhoto(await portrait());
    // Few and small levels of the image's pyramid are looked at.
    request = { task: "detect", image, options: { minFaceSize: 150 } };
  });

  async function milliseconds(what: () => Promise<Job>): Promise<number> {
    const started = performance.now();
    expect((await what()).state).toBe("succeeded");
    return performance.now() - started;
  }

  const single = () => milliseconds(() => one.finished(one.submit(request)));

  it("does not make another wait: it is answered within 2 s of an idle system's time", async () => {
    const idle = Math.max(await single(), await single());
    const ids = await submitMany();
    const busy = await single();
    const waiting = (await crowd[0].get<JobList>("/v1/jobs?state=queued&limit=1")).body.jobs;
    expect(waiting, "The crowd's jobs were done before the one").toHaveLength(1);
    expect(busy).toBeLessThan(idle + 2000);
    await cancelAll(ids);
  });

  /** Many at a time, as programs do that have much to send. */
  async function submitMany(): Promise<string[]> {
    const ids: string[] = [];
    const submitter = async (caller: Caller) => {
      while (ids.length < jobCount) {
        const answers = await Promise.all(Array.from({ length: 10 }, () => caller.submit(request)));
        for (const { status, text } of answers) expect(status, text).toBe(202);
        ids.push(...answers.map(({ body }) => body.id));
      }
    };
    await Promise.all([...crowd, ...crowd].map(submitter));
    return ids;
  }

  async function cancelAll(ids: readonly string[]): Promise<void> {
    for (let start = 0; start < ids.length; start += 50) {
      const some = ids.slice(start, start + 50);
      const answers = await Promise.all(some.map((id) => crowd[0].delete(`/v1/jobs/${id}`)));
      for (const { status } of answers) expect(status).toBe(204);
    }
  }
});
