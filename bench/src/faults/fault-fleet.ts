import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createObjectStore, type ObjectStore } from "@facefleet/platform";
import {
  freePort,
  freeSeaweedfsPorts,
  provideRedisServer,
  ServiceProcess,
  seaweedfsArguments,
  seaweedfsProgram,
  startGuarded,
} from "@facefleet/stack";
import type { BenchContext } from "../bench-context.js";
import type { PartName } from "./fault-plan.js";
import { FaultyServer } from "./faulty-server.js";
import { Part } from "./part.js";
import { WebhookReceiver } from "./webhook-receiver.js";

const readyMs = 90_000;
const services = ["api-1", "api-2", "worker-1", "worker-2"] as const;
type ServiceName = (typeof services)[number];

export const buckets = { photos: "photos", own: "facefleet-own" } as const;

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
  #s3 = { endpoint: "", accessKeyId: "", secretAccessKey: "" };

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
    const settings = this.#storeSettings(this.#s3.endpoint);
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
    const { env, say } = this.context;
    const port = await freePort();
    const folder = await this.#folder("redis");
    const command = await provideRedisServer({ env, keepIn: folder, say });
    const settings = {
      ...{ port, bind: "127.0.0.1", dir: folder, save: "", "maxmemory-policy": "noeviction" },
      // What it has confirmed it has, however it ends: with `everysec` it may lose a second, which no service can mend.
      ...{ appendonly: "yes", appendfsync: "always" },
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.redisUrl = `redis://127.0.0.1:${port}`;
    this.#startPart("redis", () => startGuarded(command, args));
    for (const name of services) this.doors.set(name, [await FaultyServer.before(this.redisUrl)]);
    this.doors.set("redis", [...this.doors.values()].flat());
  }

  async #startS3(): Promise<void> {
    const { env, rootDir } = this.context;
    const command = seaweedfsProgram(env);
    if (!existsSync(command)) throw new Error(`Expected ${command}; build it with infra/seaweedfs/build.sh`);
    const identities = join(rootDir, "infra", "seaweedfs", "s3.json");
    const { accessKey, secretKey } = JSON.parse(await readFile(identities, "utf8")).identities[0].credentials[0];
    const ports = await freeSeaweedfsPorts();
    const args = seaweedfsArguments(await this.#folder("s3"), identities, ports);
    this.#s3 = { endpoint: localUrl(ports.s3.http), accessKeyId: accessKey, secretAccessKey: secretKey };
    this.#startPart("s3", () => startGuarded(command, args));
    await answersOk(`${this.#s3.endpoint}/healthz`, "SeaweedFS");
    // A bucket is a folder of its filer.
    for (const bucket of Object.values(buckets)) {
      await fetch(`${localUrl(ports.filer.http)}/buckets/${bucket}/`, { method: "POST" });
    }
    this.doors.set("s3", [await FaultyServer.before(this.#s3.endpoint)]);
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
      S3_REGION: "us-east-1",
      S3_BUCKET: buckets.photos,
      S3_OWN_BUCKET: buckets.own,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    };
  }

  async #folder(name: string): Promise<string> {
    const folder = join(this.folder, name);
    await mkdir(folder);
    return folder;
  }
}

function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

async function answersOk(url: string, name: string): Promise<void> {
  const giveUp = Date.now() + readyMs;
  const ask = () => fetch(url, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  while (!(await ask())?.ok) {
    if (Date.now() > giveUp) throw new Error(`Expected ${name} to be ready within ${readyMs / 1000} s but it is not`);
    await sleep(200);
  }
}
