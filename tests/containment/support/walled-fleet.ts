import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@facefleet/stack";
import { answersOk } from "../../support/eventually.js";
import { RedisServer } from "../../support/redis-server.js";
import { ServiceProcess } from "../../support/service-process.js";
import { modelsDir, portrait } from "../../support/test-data.js";
import { Tenant } from "./tenant.js";
import { Victim } from "./victim.js";

const keyOf = { attacker: newKey(), victim: newKey() };

export interface WalledFleetOptions {
  readonly redis?: Readonly<Record<string, string>>;
  readonly api?: Readonly<Record<string, string>>;
  readonly worker?: Readonly<Record<string, string>>;
  /** Starts a process, where it is not just to be started. */
  readonly start?: (app: "api" | "worker", env: Record<string, string>) => ServiceProcess;
}

/** An API and a worker with two tenants, each within the limits that a tenant has unless told otherwise. */
export class WalledFleet {
  private constructor(
    readonly url: string,
    readonly redis: RedisServer,
    readonly folder: string,
    readonly api: ServiceProcess,
    readonly worker: ServiceProcess,
    readonly attacker: Tenant,
    readonly victim: Victim,
  ) {}

  static async start(options: WalledFleetOptions = {}): Promise<WalledFleet> {
    const redis = await RedisServer.start({ "maxmemory-policy": "noeviction", ...options.redis });
    const folder = await mkdtemp(join(tmpdir(), "facefleet-walls-"));
    const keysFile = join(folder, "keys.json");
    await writeFile(keysFile, JSON.stringify(keysFileOf(keyOf)));
    const [port, workerPort] = [await freePort(), await freePort()];
    const env = {
      REDIS_URL: redis.url,
      STORE_DIR: join(folder, "objects"),
      MODELS_DIR: modelsDir,
      ENGINE: "onnx-cpu",
      EGRESS_ALLOW: "127.0.0.0/8",
      LOG_LEVEL: "info",
    };
    const start = options.start ?? ((app, settings) => new ServiceProcess(app, settings));
    const api = start("api", { ...env, API_KEYS_FILE: keysFile, PORT: String(port), ...options.api });
    const worker = start("worker", { ...env, WORKER_PORT: String(workerPort), ...options.worker });
    const url = `http://127.0.0.1:${port}`;
    await answersOk(`${url}/health`, () => `${api.output}\n${worker.output}`);
    const attacker = new Tenant(url, keyOf.attacker);
    const victim = new Victim({ url, key: keyOf.victim, image: await portrait() });
    return new WalledFleet(url, redis, folder, api, worker, attacker, victim);
  }

  get output(): string {
    return `${this.api.output}\n${this.worker.output}`;
  }

  /** Another client of the one who suffers, for what the test itself has to ask. */
  get neighbour(): Tenant {
    return new Tenant(this.url, keyOf.victim);
  }

  async stop(): Promise<void> {
    await this.victim.stop();
    await Promise.all([this.api.stop("SIGKILL"), this.worker.stop("SIGKILL")]);
    await this.redis.remove();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function newKey(): string {
  return `ff_${randomBytes(32).toString("base64url")}`;
}

function keysFileOf(keys: Record<string, string>) {
  const entries = Object.entries(keys).map(([tenant, key]) => {
    const sha256 = createHash("sha256").update(key).digest("hex");
    return [tenant, { keys: [{ name: "test", sha256 }] }];
  });
  return { tenants: Object.fromEntries(entries) };
}
