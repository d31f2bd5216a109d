import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createObjectStore, type ObjectStore } from "@facefleet/platform";
import { freePort, ServiceProcess } from "@facefleet/stack";
import type { BenchContext } from "../bench-context.js";
import { redisIn, seaweedfsIn } from "./dependencies.js";
import type { PartName } from "./fault-plan.js";
import { FaultyServer } from "./faulty-server.js";
import { answersOk, localUrl } from "./local-service.js";
import { Part } from "./part.js";
import { WebhookReceiver } from "./webhook-receiver.js";

const services = ["api-1", "api-2", "worker-1", "worker-2"] as const;
type ServiceName = (typeof services)[number];

export const buckets = { photos: "facefleet", own: "facefleet-own" } as const;

/**
 * The fleet as it is deployed: two APIs, two workers, a Redis that has written what it confirms, SeaweedFS and a receiver of
 * webhooks, on loopback. The fleet reaches the last three through servers that can be made to fail.
 */
export class FaultFleet {
  readonly parts = new Map<PartName, Part>();
  /** What stands before Redis, S3 and the receiver; and what is between one service and Redis. */
  readonly doors = new Map<PartName, readonly FaultyServer[]>();
  readonly receiver = new WebhookReceiver();
  /** Programs that ended although nobody had asked them to. */
  readonly deaths: string[] = [];
  redisUrl = "";
  readonly #openFiles: number[] = [];
  #ports = {} as Record<ServiceName, number>;
  #s3!: Awaited<ReturnType<typeof seaweedfsIn>>;

  private constructor(
    private readonly context: BenchContext,
    private readonly folder: string,
  ) {}

  static async start(context: BenchContext): Promise<FaultFleet> {
    const fleet = new FaultFleet(context, await mkdtemp(join(tmpdir(), "facefleet-faults-")));
    try {
      await fleet.#startRedis();
      await fleet.#startS3();
      fleet.doors.set("receiver", [await FaultyServer.before(await fleet.receiver.listen())]);
      await fleet.#startServices();
      await fleet.ready();
    } catch (error) {
      await fleet.stop({ keepLogs: true });
      throw error;
    }
    return fleet;
  }

  get apiUrls(): string[] {
    return [this.#ports["api-1"], this.#ports["api-2"]].map(localUrl);
  }

  get webhookUrl(): string {
    return `${this.doors.get("receiver")![0]!.url}/hooks`;
  }

  /** What each service has written, by its name. */
  get logFiles(): Record<ServiceName, string> {
    return Object.fromEntries(services.map((name) => [name, join(this.folder, `${name}.log`)])) as never;
  }

  /** The object store without anything before it. */
  openStore(): ObjectStore {
    const settings = this.#storeSettings(this.#s3.url);
    return createObjectStore({ ...settings, S3_FORCE_PATH_STYLE: true, STORE_DIR: "" });
  }

  /** Resolves once every service is ready. */
  async ready(): Promise<void> {
    await Promise.all(services.map((name) => answersOk(`${localUrl(this.#ports[name])}/readyz`, name)));
  }

  async stop({ keepLogs }: { readonly keepLogs: boolean }): Promise<void> {
    await Promise.all([...this.parts.values()].map((part) => part.kill()));
    await Promise.all([...this.doors.values()].flat().map((door) => door.stop()));
    await this.receiver.stop();
    for (const file of this.#openFiles) closeSync(file);
    if (keepLogs) this.context.say(`The log is in ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true });
  }

  async #startRedis(): Promise<void> {
    const { url, launch } = await redisIn(join(this.folder, "redis"), this.context);
    this.redisUrl = url;
    this.#startPart("redis", launch);
    for (const name of services) this.doors.set(name, [await FaultyServer.before(url)]);
    this.doors.set("redis", [...this.doors.values()].flat());
  }

  async #startS3(): Promise<void> {
    this.#s3 = await seaweedfsIn(join(this.folder, "s3"), this.context);
    this.#startPart("s3", this.#s3.launch);
    await this.#s3.prepare(Object.values(buckets));
    this.doors.set("s3", [await FaultyServer.before(this.#s3.url)]);
  }

  async #startServices(): Promise<void> {
    for (const name of services) {
      const port = await freePort();
      this.#ports[name] = port;
      const output = openSync(this.logFiles[name], "a");
      this.#openFiles.push(output);
      const app = name.startsWith("api") ? "api" : "worker";
      const main = join(this.context.rootDir, "apps", app, "dist", "main.js");
      const env = { ...this.#settings(name), PORT: String(port), WORKER_PORT: String(port) };
      this.#startPart(name, () => new ServiceProcess({ name, main, env, address: localUrl(port), output }));
    }
  }

  #startPart(name: Exclude<PartName, "receiver">, launch: ConstructorParameters<typeof Part>[1]): void {
    const part = new Part(name, launch, (how) => {
      this.deaths.push(`${name}: ${how}`);
      this.context.say(`${name} ended with ${how}, and is started again`);
    });
    this.parts.set(name, part);
    part.start();
  }

  #settings(name: ServiceName): Record<string, string> {
    const { env, pack, modelsDir, tfjsNodeDir, engine } = this.context;
    return {
      ...env,
      ...this.#storeSettings(this.doors.get("s3")![0]!.url),
      REDIS_URL: this.doors.get(name)![0]!.url,
      API_KEYS_FILE: "",
      EGRESS_ALLOW: "127.0.0.0/8",
      LOG_LEVEL: "info",
      PACK: pack,
      MODELS_DIR: modelsDir,
      TFJS_NODE_DIR: tfjsNodeDir,
      ENGINE: engine,
      ENGINE_THREADS: "1",
      INFERENCE_PROCESSES: "1",
      // Shorter than a program is stopped at times: its jobs are given to the other worker, and it comes back to them.
      LOCK_DURATION: "10",
      WEBHOOK_TIMEOUT: "5",
    } as Record<string, string>;
  }

  #storeSettings(endpoint: string) {
    const { accessKeyId, secretAccessKey } = this.#s3;
    return {
      S3_ENDPOINT: endpoint,
      S3_PUBLIC_ENDPOINT: endpoint,
      S3_REGION: "us-east-1",
      S3_BUCKET: buckets.photos,
      S3_OWN_BUCKET: buckets.own,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    };
  }
}
