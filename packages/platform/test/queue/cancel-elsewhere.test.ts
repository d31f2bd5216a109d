import { defaultTenant } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { payload, QueueBench } from "./queue-bench.js";
import { startWorkerProcess } from "./worker-process.js";

interface Heard {
  readonly taken?: string;
  readonly aborted?: string;
  readonly at?: number;
}

describe("a job that another process runs", () => {
  it("is canceled within a second, alone, and never tried again", async () => {
    const bench = new QueueBench();
    const [submitter, canceler] = [bench.jobs(), bench.jobs()];
    const batch = { id: "b1", index: 0 };
    await bench.redis.hset(bench.keys.batch("b1"), "state", "active");
    const sent = await Promise.all(
      [0, 1, 2].map((index) => submitter.submit({ ...payload, batch: { ...batch, index } }, { priority: "normal" })),
    );
    const [canceled, ...others] = sent.map(({ job }) => job.id);
    const heard: Heard[] = [];
    const worker = startWorkerProcess(bench, "hold");
    worker.on("message", (message: Heard) => heard.push(message));
    await eventually(async () => heard.length === 3);

    const start = Date.now();
    expect(await canceler.cancel(defaultTenant, canceled!)).toMatchObject({ outcome: "canceled" });
    expect(await submitter.find(defaultTenant, canceled!)).toMatchObject({ state: "canceled" });
    const aborted = await eventually(async () => heard.find((message) => message.aborted !== undefined));
    expect(aborted.aborted).toBe(canceled);
    expect(aborted.at! - start).toBeLessThan(1000);

    worker.send("finish");
    for (const id of others) {
      expect(await submitter.waitUntilEnded(defaultTenant, id, 5000)).toMatchObject({ state: "succeeded" });
    }
    await eventually(async () => (await bench.queue().getJob(canceled!)) === undefined);
    expect(await submitter.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
    expect(heard.filter(({ taken }) => taken === canceled)).toHaveLength(1);
    expect(await bench.redis.hgetall(bench.keys.batch("b1"))).toMatchObject({ canceled: "1", succeeded: "2" });
  });
});
