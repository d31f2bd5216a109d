import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { FleetRedis } from "../../src/queue/redis/fleet-redis.js";
import { silent } from "./queue-bench.js";

it("the only node of a Cluster is asked again when it hangs up instead of answering", async () => {
  let times = 0;
  const node = createServer((socket) => {
    times += 1;
    socket.end();
  });
  await once(node.listen(0, "127.0.0.1"), "listening");
  const { port } = node.address() as AddressInfo;
  const settings = { REDIS_URL: `redis+cluster://127.0.0.1:${port}`, QUEUE_PREFIX: "{hangs-up}" };
  const redis = new FleetRedis(settings, { logger: silent });
  void redis.commands;
  onTestFinished(async () => {
    await redis.close();
    node.close();
  });
  await expect.poll(() => times).toBeGreaterThan(2);
});
