import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@facefleet/stack";
import { type S3Server, startS3Server } from "../../packages/platform/test/s3-server.js";
import { answersOk } from "./eventually.js";
import { RedisServer } from "./redis-server.js";
import { ServiceProcess } from "./service-process.js";
import { modelsDir } from "./test-data.js";

/** What a tenant may do, as the file of API keys says it. */
interface TenantLimits {
  readonly requestsPerMinute?: number;
  readonly maxQueuedJobs?: number;
  readonly allowedBuckets?: readonly string[];
}

const tenants = {
  acme: {},
  globex: {},
  /** Has no jobs but those of one test. */
  lister: {},
  /** May send ten requests a minute. */
  hasty: { requestsPerMinute: 10 },
  /** May have two jobs. */
  small: { maxQueuedJobs: 2 },
  /** May name one bucket only. */
  narrow: { allowedBuckets: ["photos"] },
} satisfies Record<string, TenantLimits>;

export type TenantName = keyof typeof tenants;

/** What those who speak to a deployment over HTTP have to know. */
export interface DeploymentInfo {
  /** Of the two API processes. */
  readonly urls: readonly [string, string];
  readonly keys: Readonly<Record<TenantName, string>>;
  readonly s3: Pick<S3Server, "endpoint" | "accessKeyId" | "secretAccessKey" | "bucket">;
}

/**
 * The fleet as it is deployed: two API processes, two workers, a Redis that keeps what it is told and an S3 server,
 * with API keys. Loopback is open to outgoing requests, for receivers and images under test.
 */
export class Deployment {
  readonly #parts: { readonly name: string; process: ServiceProcess; readonly env: Record<string, string> }[] = [];
  readonly #ended: ServiceProcess[] = [];

  private constructor(
    readonly info: DeploymentInfo,
    readonly redis: RedisServer,
    readonly s3: S3Server,
    private readonly folder: string,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Deployment> {
    const [redis, s3] = await Promise.all([RedisServer.start(), startS3Server()]);
    const folder = await mkdtemp(join(tmpdir(), "facefleet-deployment-"));
    const keys = Object.fromEntries(Object.keys(tenants).map((tenant) => [tenant, newKey()]));
    const keysFile = join(folder, "keys.json");
    await writeFile(keysFile, JSON.stringify(keysFileOf(keys)));
    for (const bucket of ["photos", "results"]) await s3.createBucket(bucket);
    const ports = [await freePort(), await freePort()] as const;
    const { endpoint, accessKeyId, secretAccessKey, bucket } = s3;
    const info = {
      urls: [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`],
      keys: keys as DeploymentInfo["keys"],
      s3: { endpoint, accessKeyId, secretAccessKey, bucket },
    } as const;
    const deployment = new Deployment(info, redis, s3, folder);
    const env = {
      REDIS_URL: redis.url,
      MODELS_DIR: modelsDir,
      ENGINE: "onnx-cpu",
      ENGINE_THREADS: "1",
      // The same speed on machines of any size: a backlog stays one.
      INFERENCE_PROCESSES: "1",
      S3_ENDPOINT: s3.endpoint,
      S3_PUBLIC_ENDPOINT: s3.endpoint,
      S3_BUCKET: s3.bucket,
      S3_ALLOWED_BUCKETS: "photos,results",
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      EGRESS_ALLOW: "127.0.0.0/8",
      LOG_LEVEL: "debug",
      ...settings,
    };
    for (const [index, port] of ports.entries()) {
      deployment.#run(`api-${index + 1}`, { ...env, API_KEYS_FILE: keysFile, PORT: String(port) });
    }
    for (const name of ["worker-1", "worker-2"])
      deployment.#run(name, { ...env, WORKER_PORT: String(await freePort()) });
    try {
      await deployment.ready();
    } catch (error) {
      await deployment.stop();
      throw error;
    }
    return deployment;
  }

  /** Resolves once both API processes answer and both workers take jobs. */
  async ready(): Promise<void> {
    const probes = this.#parts.map(({ name, env }) => {
      const port = name.startsWith("api") ? env.PORT : env.WORKER_PORT;
      return answersOk(`http://127.0.0.1:${port}/readyz`).catch(() => {
        throw new Error(`Expected ${name} to become ready but it has not:\n${this.output}`);
      });
    });
    await Promise.all(probes);
  }

  /** All that the processes have written, those that have ended included. */
  get output(): string {
    return [...this.#ended, ...this.#parts.map(({ process }) => process)].map(({ output }) => output).join("\n");
  }

  get metricsUrls(): string[] {
    return this.#parts.map(({ name, env }) => {
      return `http://127.0.0.1:${name.startsWith("api") ? env.PORT : env.WORKER_PORT}/metrics`;
    });
  }

  /** Resolves to the exit code, or to the signal that ended it. */
  kill(name: string, signal: NodeJS.Signals = "SIGKILL"): Promise<number | string> {
    return this.#part(name).process.stop(signal);
  }

  /** Starts a part again that has ended. */
  restart(name: string): void {
    const part = this.#part(name);
    this.#ended.push(part.process);
    part.process = startPart(part.name, part.env);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#parts.map(({ process }) => process.stop("SIGKILL")));
    await Promise.all([this.redis.remove(), this.s3.stop(), rm(this.folder, { recursive: true, force: true })]);
  }

  #run(name: string, env: Record<string, string>): void {
    this.#parts.push({ name, env, process: startPart(name, env) });
  }

  #part(name: string) {
    const part = this.#parts.find((other) => other.name === name);
    if (!part) throw new Error(`Expected a part of the deployment but received ${name}`);
    return part;
  }
}

function startPart(name: string, env: Record<string, string>): ServiceProcess {
  return new ServiceProcess(name.startsWith("api") ? "api" : "worker", env);
}

function newKey(): string {
  return `ff_${randomBytes(32).toString("base64url")}`;
}

function keysFileOf(keys: Record<string, string>) {
  const entries = Object.entries(tenants).map(([tenant, limits]) => {
    const sha256 = createHash("sha256")
      .update(keys[tenant] ?? "")
      .digest("hex");
    return [tenant, { keys: [{ name: "test", sha256 }], ...limits }];
  });
  return { tenants: Object.fromEntries(entries) };
}
