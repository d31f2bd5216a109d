import { setTimeout as sleep } from "node:timers/promises";
import {
  createLogger,
  createObjectStore,
  FleetRedis,
  loadConfig,
  redisSettings,
  storeSettings,
  type TenantState,
  TenantWork,
} from "@facefleet/platform";
import { type CliConfig, storeEnvironment } from "../config.js";
import { counted } from "../counted.js";
import { type Column, table } from "../table.js";

/** What the API and the workers of the fleet have, too. */
const fleetSettings = { ...redisSettings, ...storeSettings };

/** How long what is canceled has to end. */
const eraseWithinMs = 120_000;

type FleetConfig = Pick<CliConfig, "DATA_DIR" | "S3_BUCKET" | "env">;

/** Prints what each tenant has. */
export function listTenants(config: FleetConfig, json: boolean): Promise<void> {
  return withWork(config, async (work) => {
    const all = await work.all();
    if (json) for (const state of all) print(JSON.stringify(state));
    else process.stdout.write(table(columns, all));
  });
}

/** Cancels and erases all that a tenant has. What is canceled ends soon after, and is erased then. */
export function eraseTenant(config: FleetConfig, tenant: string): Promise<void> {
  return withWork(config, async (work) => {
    const deadline = Date.now() + eraseWithinMs;
    for (let round = 0; ; round++) {
      const { jobs, batches, uploads } = await work.erase(tenant);
      const found = `${counted(jobs, "job")}, ${counted(batches, "batch", "batches")} and ${counted(uploads, "upload")}`;
      if (jobs + batches + uploads === 0)
        return print(round === 0 ? `${tenant} had nothing` : `${tenant} has nothing more`);
      print(`${found} of ${tenant} canceled or erased`);
      if (Date.now() > deadline)
        throw new Error(
          `Expected ${tenant} to have nothing more but it sends more, or no worker is there; suspend it first`,
        );
      await sleep(1000);
    }
  });
}

async function withWork(config: FleetConfig, use: (work: TenantWork) => Promise<void>): Promise<void> {
  const settings = loadConfig(fleetSettings, storeEnvironment(config));
  const logger = createLogger({ name: "tenants", level: "warn", format: "pretty" });
  const store = createObjectStore(settings);
  const redis = new FleetRedis(settings, { logger });
  const work = new TenantWork(redis, { logger, store });
  try {
    await use(work);
  } finally {
    await redis.close();
    await store.close();
  }
}

const columns = [
  ["tenant", ({ tenant }) => tenant],
  ["jobs", ({ jobs }) => String(jobs)],
  ["batches", ({ batches }) => String(batches)],
  ["in Redis", ({ keptBytes }) => megabytes(keptBytes)],
  ["in the store", ({ storedBytes }) => megabytes(storedBytes)],
  ["uploads", ({ uploads }) => String(uploads)],
] as const satisfies readonly Column<TenantState>[];

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
