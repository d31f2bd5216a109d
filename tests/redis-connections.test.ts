import { afterAll, beforeAll, expect, it } from "vitest";
import { drawnImages } from "./support/drawn-images.js";
import { Fleet } from "./support/fleet.js";
import { RedisServer } from "./support/redis-server.js";

let redis: RedisServer;
let fleet: Fleet;

beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(async () => {
  await fleet?.stop();
  await redis?.remove();
});

/** How many connections there are, but for the one that asks. */
async function connections(): Promise<number> {
  return (await redis.command("CLIENT", "LIST")).split("\n").length - 1;
}

const said = (message: string) =>
  fleet.output
    .split("\n")
    .filter((line) => line.includes(message))
    .map((line) => JSON.parse(line) as { name: string; affected: string[] });

it("a process has one connection for each purpose, and says in one line that they are lost, and what that affects", async () => {
  fleet = await Fleet.start({ REDIS_URL: redis.url }, { workers: 0 });
  await fleet.answers("/readyz", 200);
  const idle = await connections();
  expect(idle, "of an API that nobody waits at: commands").toBe(1);
  fleet.startProcess("worker");
  await fleet.answers("/health", 200);
  const job = await fleet.finished(fleet.postImage("/v1/jobs", await drawnImages.oneFace(), { task: "detect" }));
  expect(job.state).toBe("succeeded");
  // The API: commands and news. The worker: the same, work, and what each of its two queues is waited for on.
  expect(await connections()).toBe(2 + 5);

  await redis.stop();
  await expect.poll(() => said("Redis connection lost").length, { timeout: 60_000 }).toBe(2);
  expect(
    Object.fromEntries(said("Redis connection lost").map(({ name, affected }) => [name, affected.sort()])),
  ).toEqual({
    api: ["commands", "news"],
    worker: ["commands", "news", "work"],
  });
  await redis.start();
  await expect.poll(() => said("Redis connection restored").length, { timeout: 60_000 }).toBe(2);
  expect(said("Redis connection lost")).toHaveLength(2);
});
