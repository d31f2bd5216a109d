import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { Batches, type BatchPlan, FleetObserver, TenantWork, UploadRegistry } from "../../src/queue/index.js";
import { payload, QueueBench, result, silent } from "./queue-bench.js";

const plan: BatchPlan = {
  tenant: "loud",
  task: "detect",
  options: payload.options,
  priority: "low",
  source: { items: 1 },
  resultTtlSeconds: 60,
};

/** Two tenants, each with a job in every state, a batch and an upload. */
async function twoTenants() {
  const bench = new QueueBench();
  const { fleet, store } = bench;
  const work = new TenantWork(fleet, { logger: silent, store });
  const [jobs, batches] = [bench.jobs(), new Batches(fleet, { logger: silent, store })];
  const uploads = new UploadRegistry(fleet);
  const submit = async (tenant: string) => (await jobs.submit({ ...payload, tenant }, { priority: "normal" })).job.id;
  const consumer = await bench.started({ run: async () => result });
  for (const tenant of ["loud", "quiet"]) {
    await jobs.waitUntilEnded(tenant, await submit(tenant), 5000);
  }
  await consumer.stop(1000);
  for (const tenant of ["loud", "quiet"]) {
    await jobs.cancel(tenant, await submit(tenant));
    await submit(tenant);
    await batches.submit({ ...plan, tenant }, { items: payload.images });
    await uploads.announce(await uploads.newId(tenant), { tenant, bytes: 1000 });
  }
  return { bench, work, jobs, uploads };
}

describe("what tenants have", () => {
  it("is listed, whoever has most first", async () => {
    const { work, jobs } = await twoTenants();
    await jobs.submit({ ...payload, tenant: "loud" }, { priority: "normal" });
    const [first, second, ...others] = await work.all();
    expect(first).toMatchObject({ tenant: "loud", jobs: 2, batches: 1, uploads: 1, storedBytes: 1000 });
    expect(second).toMatchObject({ tenant: "quiet", jobs: 1, batches: 1, uploads: 1, storedBytes: 1000 });
    expect(first!.keptBytes).toBeGreaterThan(second!.keptBytes);
    expect(others).toEqual([]);
  });

  it("is erased of one, jobs, batches and uploads, and of no other", async () => {
    const { bench, work, jobs, uploads } = await twoTenants();
    expect(await work.erase("loud")).toEqual({ jobs: 3, batches: 1, uploads: 1 });
    const { jobs: listed } = await jobs.list("loud", { limit: 10 });
    expect(listed).toEqual([]);
    expect((await jobs.list("quiet", { limit: 10 })).jobs).toHaveLength(3);
    // The batch, canceled, ends as soon as a worker looks at it; then it is erased, too.
    const left = async () => (await work.all()).find(({ tenant }) => tenant === "loud");
    expect(await left()).toMatchObject({ jobs: 0 });
    expect(await uploads.takeDue(10)).toHaveLength(1);
    const observer = new FleetObserver(bench.fleet);
    expect((await observer.look()).waiting.normal.jobs).toBe(1);
    expect(await work.erase("nobody")).toEqual({ jobs: 0, batches: 0, uploads: 0 });
  });

  it("is erased also of batches that an older version took or ended, until nothing is left", async () => {
    const { bench, work } = await twoTenants();
    const listed = bench.keys.listedBatches("loud");
    await bench.redis.del(listed);
    await bench.redis.zadd(listed, 1, "b-that-is-gone");
    expect(await work.erase("loud")).toMatchObject({ batches: 1 });
    expect(await bench.redis.exists(listed)).toBe(0);
  });

  it("is erased also of a job that a worker has in its hands", async () => {
    const { bench, work, jobs } = await twoTenants();
    let isLetGo = false;
    await bench.started({
      concurrency: 8,
      run: async ({ payload: { tenant } }, signal) => {
        if (tenant !== "loud") return result;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        isLetGo = true;
        throw signal.reason;
      },
    });
    await eventually(async () => (await jobs.depth()).active > 0);
    await work.erase("loud");
    await eventually(async () => isLetGo);
    expect(await jobs.list("loud", { limit: 10 })).toMatchObject({ jobs: [] });
  });
});
