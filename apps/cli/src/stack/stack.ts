import { join } from "node:path";
import { type FoundRedis, findRedis, freePort, ServiceProcess, WorkerSupervisor } from "@facefleet/stack";
import type { CliConfig } from "../config.js";
import { rootDir } from "../config.js";
import { claimApiPort, localAddress } from "./api-port.js";

export interface StackOptions {
  readonly config: CliConfig;
  readonly workers: number;
  readonly say: (line: string) => void;
  /** Makes the model pack available before anything is started. */
  readonly ensurePack: () => Promise<unknown>;
}

const readyTimeoutMs = 120_000;
const stopDeadlineMs = 30_000;

/** Redis, the API and the workers on this machine, as one thing that starts and stops. */
export class Stack {
  readonly #options: StackOptions;
  readonly #stopping = new AbortController();
  readonly #failure: Promise<string>;
  #fail: (sentence: string) => void = () => undefined;
  #redis: FoundRedis | undefined;
  #api: ServiceProcess | undefined;
  #workers: WorkerSupervisor[] = [];

  constructor(options: StackOptions) {
    this.#options = options;
    this.#failure = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  get address(): string {
    return localAddress(this.#options.config.HOST, this.#options.config.PORT);
  }

  get redisOrigin(): string {
    return this.#redis?.origin ?? "";
  }

  /** Resolves when every part is ready. Throws one sentence when one of them cannot be. */
  async start(): Promise<void> {
    const { config, ensurePack, say } = this.#options;
    await claimApiPort(config.HOST, config.PORT);
    await this.#unlessStopped(ensurePack());
    this.#redis = await findRedis({
      url: config.REDIS_URL,
      dataDir: config.DATA_DIR,
      persistent: true,
      env: config.env,
      say,
    });
    this.#stopping.signal.throwIfAborted();
    void this.#redis.ended.then((last) => this.#fail(`Redis ended unexpectedly: ${last}`));
    await Promise.all([this.#startApi(), ...Array.from({ length: this.#options.workers }, () => this.#startWorker())]);
    // Another stack may have answered at our port in our API's place.
    const failure = await Promise.race([this.#failure, undefined]);
    if (failure !== undefined) throw new Error(failure);
  }

  /** Resolves with a sentence when a part that the others need has died; never when all goes well. */
  get failure(): Promise<string> {
    return this.#failure;
  }

  /** Lets running jobs end, then stops everything, Redis last. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("stopped"));
    await Promise.all([this.#api, ...this.#workers].map((part) => part?.stop(stopDeadlineMs)));
    await this.#redis?.stop();
  }

  /** Ends everything at once. Redis is told by the end of its pipe when this process is gone. */
  kill(): void {
    this.#stopping.abort(new Error("killed"));
    for (const part of [this.#api, ...this.#workers]) part?.kill();
  }

  async #startApi(): Promise<void> {
    const { HOST, PORT } = this.#options.config;
    const env = { ...this.#environment(), HOST, PORT: String(PORT) };
    this.#api = new ServiceProcess({ name: "api", main: mainFile("api"), env, address: this.address });
    void this.#api.ended.then((how) => this.#fail(`The api ended unexpectedly with ${how}`));
    await this.#api.ready(readyTimeoutMs, this.#stopping.signal);
  }

  async #startWorker(): Promise<void> {
    const supervisor = new WorkerSupervisor({
      start: () => this.#workerProcess(),
      readyTimeoutMs,
      say: this.#options.say,
    });
    this.#workers.push(supervisor);
    await supervisor.start(this.#stopping.signal);
    void supervisor.watch().then((sentence) => this.#fail(sentence));
  }

  async #workerProcess(): Promise<ServiceProcess> {
    const port = await freePort();
    const env = { ...this.#environment(), WORKER_HOST: "127.0.0.1", WORKER_PORT: String(port) };
    return new ServiceProcess({ name: "worker", main: mainFile("worker"), env, address: `http://127.0.0.1:${port}` });
  }

  #environment(): Record<string, string | undefined> {
    const { env, DATA_DIR, MODELS_DIR, S3_BUCKET } = this.#options.config;
    return {
      ...env,
      REDIS_URL: this.#redis?.url,
      MODELS_DIR,
      LOG_FORMAT: env.LOG_FORMAT || "pretty",
      ...(S3_BUCKET === undefined && { STORE_DIR: env.STORE_DIR || join(DATA_DIR, "objects") }),
    };
  }

  /** Lets go of work that cannot be interrupted, so that a stop need not wait for it. */
  #unlessStopped<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      work.then(resolve, reject);
    });
  }
}

function mainFile(app: string): string {
  return join(rootDir, "apps", app, "dist", "main.js");
}
