import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { RedisConnection } from "../../src/queue/redis/redis-connection.js";
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
  const connection = new RedisConnection(settings, { role: "producer", logger: silent });
  onTestFinished(async () => {
    await connection.close();
    node.close();
  });
  await expect.poll(() => times).toBeGreaterThan(2);
});
