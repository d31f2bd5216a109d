import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  claimApiPort,
  type FoundRedis,
  findRedis,
  freePort,
  localAddress,
  ServiceProcess,
  WorkerSupervisor,
} from "@facefleet/stack";
import { type CliConfig, storeEnvironment } from "../config.js";
import { claimDataFolder, type DataFolderClaim } from "./data-folder.js";
import { scrapeTargetsFile, writeScrapeTargets } from "./scrape-targets.js";

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
  #folder: DataFolderClaim | undefined;
  #redis: FoundRedis | undefined;
  #api: ServiceProcess | undefined;
  #workers: WorkerSupervisor[] = [];
  #targetsFile: string | undefined;

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
    this.#folder = await claimDataFolder(config.DATA_DIR, this.address);
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
    const workers: string[] = [];
    while (workers.length < this.#options.workers) workers.push(`http://127.0.0.1:${await freePort()}`);
    await this.#tellTargets(workers);
    await Promise.all([this.#startApi(), ...workers.map((address) => this.#startWorker(address))]);
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
    if (this.#targetsFile !== undefined) await rm(this.#targetsFile, { force: true });
    await this.#folder?.release();
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

  async #startWorker(address: string): Promise<void> {
    const supervisor = new WorkerSupervisor({
      start: async () => this.#workerProcess(address),
      readyTimeoutMs,
      say: this.#options.say,
    });
    this.#workers.push(supervisor);
    await supervisor.start(this.#stopping.signal);
    void supervisor.watch().then((sentence) => this.#fail(sentence));
  }

  #workerProcess(address: string): ServiceProcess {
    const { hostname, port } = new URL(address);
    const env = { ...this.#environment(), WORKER_HOST: hostname, WORKER_PORT: port };
    return new ServiceProcess({ name: "worker", main: mainFile("worker"), env, address });
  }

  /** Where Prometheus, if there is one, finds all that is running. */
  #tellTargets(workers: readonly string[]): Promise<void> {
    this.#targetsFile = scrapeTargetsFile(this.#options.config.DATA_DIR);
    return writeScrapeTargets(this.#targetsFile, [
      { job: "facefleet-api", address: this.address },
      ...workers.map((address) => ({ job: "facefleet-worker", address }) as const),
    ]);
  }

  #environment(): Record<string, string | undefined> {
    const { env, MODELS_DIR } = this.#options.config;
    return {
      ...storeEnvironment(this.#options.config),
      REDIS_URL: this.#redis?.url,
      MODELS_DIR,
      LOG_FORMAT: env.LOG_FORMAT || "pretty",
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

/** The programs are beside this one, in a checkout as in an installation. */
function mainFile(app: string): string {
  return fileURLToPath(new URL(`../../../${app}/dist/main.js`, import.meta.url));
}
