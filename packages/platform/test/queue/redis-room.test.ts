import { describe, expect, it, onTestFinished } from "vitest";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { FaceJobs, itemEnds, RedisRoom } from "../../src/queue/index.js";
import { mostInRedis, ResultStore } from "../../src/queue/results/result-store.js";
import { payload, QueueBench, silent } from "./queue-bench.js";

const mebibyte = 2 ** 20;

async function start() {
  const server = await RedisServer.start({ "maxmemory-policy": "noeviction" });
  onTestFinished(() => server.remove());
  const bench = new QueueBench(server.url);
  const room = new RedisRoom(bench.fleet);
  bench.onClose(() => room.stop());
  await room.start();
  /** Lets Redis be so full, as a share of what it may use. */
  const fill = async (share: number) => {
    const used = Number(/used_memory:(\d+)/.exec(await bench.redis.info("memory"))?.[1]);
    await bench.redis.config("SET", "maxmemory", `${Math.floor(used / share)}`);
  };
  return { bench, room, fill };
}

describe("room in Redis", () => {
  it("is half for each tenant while there is much, and an equal part of that when there is little", async () => {
    const { bench, room, fill } = await start();
    await bench.redis.config("SET", "maxmemory", `${64 * mebibyte}`);
    await expect.poll(() => room.allowance()).toBe(32 * mebibyte);
    expect(room.allowance(mebibyte)).toBe(mebibyte);
    expect(room.allowance(60 * mebibyte)).toBe(60 * mebibyte);
    expect([room.isTight, room.isFull]).toEqual([false, false]);
    await bench.redis.hset(bench.keys.keptBytes, { a: 1, b: 1, c: 1, d: 1 });
    await fill(0.85);
    await expect.poll(() => [room.isTight, room.isFull]).toEqual([true, false]);
    const most = Number(/maxmemory:(\d+)/.exec(await bench.redis.info("memory"))?.[1]);
    expect(room.allowance()).toBeCloseTo(most / 8, -1);
    expect(room.allowance(1000)).toBe(1000);
    expect(room.allowance(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is none for new jobs when Redis is nearly full, and comes back by itself", async () => {
    const { bench, room, fill } = await start();
    const jobs = new FaceJobs(bench.fleet, { items: itemEnds, logger: silent, store: bench.store, room });
    await fill(0.97);
    await expect.poll(() => room.isFull).toBe(true);
    const refused = expect.objectContaining({ code: "queue_unavailable", status: 503 });
    await expect(jobs.submit(payload, { priority: "normal" })).rejects.toEqual(refused);
    await fill(0.5);
    await expect.poll(() => room.isFull).toBe(false);
    expect((await jobs.submit(payload, { priority: "normal" })).created).toBe(true);
  });

  it("sends smaller results to the object store when there is little", async () => {
    const { bench, room, fill } = await start();
    const results = new ResultStore(bench.redis, bench.keys, { store: bench.store, logger: silent, room });
    const text = "x".repeat(mostInRedis / 2);
    expect(await results.keep(text)).toBe(text);
    await fill(0.8);
    await expect.poll(() => room.isTight).toBe(true);
    expect(await results.keep(text)).toEqual({ id: expect.any(String), bytes: text.length });
    expect(await results.keep("x".repeat(1000))).toBe("x".repeat(1000));
  });

  it("is there when Redis does not say what it uses", async () => {
    const { bench } = await start();
    await bench.redis.call("ACL", "SETUSER", "mute", "on", ">p", "~*", "&*", "+@all", "-info");
    const url = bench.settings.REDIS_URL.replace("redis://", "redis://mute:p@");
    const room = new RedisRoom(bench.process({ REDIS_URL: url }));
    bench.onClose(() => room.stop());
    await room.start();
    expect([room.isTight, room.isFull]).toEqual([false, false]);
  });
});
