import { freePort } from "@facefleet/stack";
import { eventually } from "./eventually.js";
import { RedisServer } from "./redis-server.js";

const password = "cluster-password";
/** Of the slots, after which node's share each ends. */
const lastSlots = [5460, 10_922, 16_383];

/** A Redis Cluster of three primaries, and a replica of the one that holds a key. */
export class RedisCluster {
  private constructor(
    private readonly servers: readonly RedisServer[],
    private readonly key: string,
  ) {}

  static async start(key: string): Promise<RedisCluster> {
    const servers = await Promise.all(Array.from({ length: 4 }, startNode));
    const cluster = new RedisCluster(servers, key);
    try {
      await cluster.#join();
      return cluster;
    } catch (error) {
      await cluster.remove();
      throw error;
    }
  }

  get url(): string {
    return `redis+cluster://:${password}@${this.servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
  }

  /** The node that holds the key. */
  async owner(): Promise<RedisServer> {
    for (const server of this.servers) {
      const answer = await server.command("exists", this.key).catch(() => "not running");
      if (/^[01]$/.test(answer)) return server;
    }
    throw new Error(`Expected a node of the Cluster to hold ${this.key} but none does`);
  }

  /** Lets the replica take the place of the node that holds the key, which stays as its replica. */
  async failOver(): Promise<void> {
    const before = await this.owner();
    await this.servers[3]?.command("cluster", "failover");
    const hasMoved = async () => (await this.owner()) !== before;
    await eventually(() => hasMoved().catch(() => false));
  }

  async remove(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.remove()));
  }

  async #join(): Promise<void> {
    const primaries = this.servers.slice(0, 3);
    for (const [index, server] of primaries.entries()) {
      const first = index === 0 ? 0 : (lastSlots[index - 1] ?? 0) + 1;
      await server.command("cluster", "addslotsrange", `${first}`, `${lastSlots[index]}`);
    }
    for (const server of this.servers.slice(1)) await this.#meet(server);
    await eventually(async () => {
      const infos = await Promise.all(this.servers.map((server) => server.command("cluster", "info")));
      return infos.every((info) => /cluster_state:ok.*cluster_known_nodes:4/s.test(info));
    });
    const replica = this.servers[3]!;
    await replica.command("cluster", "replicate", await (await this.owner()).command("cluster", "myid"));
    await eventually(async () => (await replica.command("info", "replication")).includes("master_link_status:up"));
  }

  async #meet(server: RedisServer): Promise<void> {
    const bus = await server.command("config", "get", "cluster-port");
    await this.servers[0]?.command("cluster", "meet", "127.0.0.1", `${server.port}`, bus.split("\n")[1] ?? "");
  }
}

async function startNode(): Promise<RedisServer> {
  return RedisServer.start({
    "cluster-enabled": "yes",
    "cluster-port": `${await freePort()}`,
    "cluster-node-timeout": "1000",
    requirepass: password,
    masterauth: password,
  });
}
