import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@facefleet/stack";
import { RedisServer, redisProgram } from "./redis-server.js";

const password = "redis-password";
const sentinelPassword = "sentinel-password";

/** A primary, a replica, and three Sentinels that put the replica in the primary's place when it dies. */
export class SentinelRedis {
  readonly #sentinels: ChildProcess[] = [];

  private constructor(
    readonly primary: RedisServer,
    private readonly replica: RedisServer,
    private readonly ports: readonly number[],
    private readonly folder: string,
  ) {}

  static async start(): Promise<SentinelRedis> {
    const login = { requirepass: password, masterauth: password };
    const primary = await RedisServer.start(login);
    const replica = await RedisServer.start({ ...login, replicaof: `127.0.0.1 ${primary.port}` });
    while (!(await replica.command("info", "replication")).includes("master_link_status:up"));
    const ports = [await freePort(), await freePort(), await freePort()];
    const folder = await mkdtemp(join(tmpdir(), "facefleet-sentinel-"));
    const redis = new SentinelRedis(primary, replica, ports, folder);
    await Promise.all(ports.map((port) => redis.#startSentinel(port)));
    return redis;
  }

  get url(): string {
    const hosts = this.ports.map((port) => `127.0.0.1:${port}`).join(",");
    return `redis+sentinel://:${password}@${hosts}/faces?sentinel_password=${sentinelPassword}`;
  }

  async remove(): Promise<void> {
    for (const sentinel of this.#sentinels) sentinel.kill("SIGKILL");
    await Promise.all([this.primary.remove(), this.replica.remove()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #startSentinel(port: number): Promise<void> {
    const file = join(this.folder, `${port}.conf`);
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${this.folder}`,
      `requirepass ${sentinelPassword}`,
      `sentinel sentinel-pass ${sentinelPassword}`,
      `sentinel monitor faces 127.0.0.1 ${this.primary.port} 2`,
      `sentinel auth-pass faces ${password}`,
      "sentinel down-after-milliseconds faces 1000",
      "sentinel failover-timeout faces 5000",
    ];
    await writeFile(file, lines.join("\n"));
    const sentinel = spawn(await redisProgram(), [file, "--sentinel"], { stdio: ["ignore", "pipe", "inherit"] });
    this.#sentinels.push(sentinel);
    await once(sentinel.stdout, "data");
  }
}
