import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FoundRedis, findRedis, freePort, ServiceProcess } from "@facefleet/stack";
import { Redis } from "ioredis";
import type { BenchContext } from "../bench-context.js";

const readyMs = 60_000;
const stopMs = 10_000;

/**
 * The fleet as users run it, for the time of a benchmark: a Redis that writes its append-only file, an API and
 * workers as real processes, and a folder store. Its log goes nowhere; its lines are made all the same.
 */
export class BenchFleet {
  readonly #context: BenchContext;
  readonly #started: ServiceProcess[] = [];

  private constructor(
    context: BenchContext,
    private readonly folder: string,
    private readonly redis: FoundRedis,
  ) {
    this.#context = context;
  }

  static async start(context: BenchContext): Promise<BenchFleet> {
    const folder = await mkdtemp(join(tmpdir(), "facefleet-bench-"));
    const { env, say } = context;
    const redis = await findRedis({ dataDir: folder, persistent: true, env, say });
    return new BenchFleet(context, folder, redis);
  }

  get redisUrl(): string {
    return this.redis.url;
  }

  get objectsDir(): string {
    return join(this.folder, "objects");
  }

  async redisPid(): Promise<number> {
    const redis = new Redis(this.redis.url);
    const info = await redis.info("server");
    redis.disconnect();
    return Number(/^process_id:(\d+)/m.exec(info)?.[1]);
  }

  startApi(settings: Readonly<Record<string, string>> = {}): Promise<RunningService> {
    return this.#start("api", (port) => ({ PORT: String(port), ...settings }));
  }

  startWorker(settings: Readonly<Record<string, string>> = {}): Promise<RunningService> {
    return this.#start("worker", (port) => ({ WORKER_PORT: String(port), ...settings }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((service) => service.stop(stopMs)));
    await this.redis.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #start(name: "api" | "worker", settings: (port: number) => Record<string, string>): Promise<RunningService> {
    const { env, rootDir, pack, modelsDir, tfjsNodeDir, engine } = this.#context;
    const port = await freePort();
    const address = `http://127.0.0.1:${port}`;
    const service = new ServiceProcess({
      name,
      main: join(rootDir, "apps", name, "dist", "main.js"),
      env: {
        ...env,
        REDIS_URL: this.redis.url,
        STORE_DIR: this.objectsDir,
        PACK: pack,
        MODELS_DIR: modelsDir,
        TFJS_NODE_DIR: tfjsNodeDir,
        ENGINE: engine,
        // Benchmarks ask without a key, whatever this machine's own fleet is set to.
        API_KEYS_FILE: "",
        ...settings(port),
      },
      address,
      output: "ignore",
    });
    this.#started.push(service);
    await service.ready(readyMs, new AbortController().signal);
    return { port, address, pid: service.pid! };
  }
}

export interface RunningService {
  readonly port: number;
  readonly address: string;
  readonly pid: number;
}
