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
import type { Command } from "commander";
import { Type } from "typebox";
import type { CommandContext } from "../command-context.js";
import { type CliConfig, storeEnvironment } from "../config.js";
import { counted } from "../counted.js";
import { editKeysFile } from "../keys/edit-keys-file.js";
import { withSuspension } from "../keys/tenant-keys.js";
import { type Column, table } from "../table.js";

/** What the API and the workers of the fleet have, too. */
const fleetSettings = Type.Object({ ...redisSettings, ...storeSettings });

/** How long what is canceled has to end. */
const eraseWithinMs = 120_000;

type TenantsConfig = Pick<CliConfig, "API_KEYS_FILE" | "DATA_DIR" | "S3_BUCKET" | "env">;

/** `tenants list`, `tenants erase`, `tenants suspend` and `tenants resume`. */
export function defineTenants(tenants: Command, { config }: CommandContext): void {
  tenants
    .command("list")
    .description("what each tenant has, whoever has most of Redis first")
    .option("--json", "as JSON, a line for each")
    .action(({ json = false }: { json?: boolean }) => withWork(config, (work) => list(work, json)));
  tenants
    .command("erase <tenant>")
    .description("cancel and erase all jobs, batches, results and uploads of a tenant")
    .option("--yes", "without asking: it cannot be undone")
    .action((tenant: string, { yes = false }: { yes?: boolean }) => {
      if (!yes) throw new Error(`Expected --yes: all that ${tenant} has is erased, and that cannot be undone`);
      return withWork(config, (work) => erase(work, tenant));
    });
  for (const [name, isSuspended, what] of [
    ["suspend", true, "refuse whatever a tenant asks for; what it has goes on, unless erased"],
    ["resume", false, "let a tenant ask again"],
  ] as const) {
    tenants
      .command(`${name} <tenant>`)
      .description(what)
      .option("--file <file>", "the file of keys (API_KEYS_FILE)", config.API_KEYS_FILE)
      .action((tenant: string, { file }: { file?: string }) => suspend(tenant, isSuspended, file));
  }
}

async function withWork(config: TenantsConfig, use: (work: TenantWork) => Promise<void>): Promise<void> {
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

async function list(work: TenantWork, json: boolean): Promise<void> {
  const all = await work.all();
  if (json) for (const state of all) print(JSON.stringify(state));
  if (json) return;
  process.stdout.write(table(columns, all));
}

/** What is canceled ends soon after, and is erased then. */
async function erase(work: TenantWork, tenant: string): Promise<void> {
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
}

async function suspend(tenant: string, isSuspended: boolean, file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("Expected --file or API_KEYS_FILE but received neither");
  await editKeysFile(file, (keys) => withSuspension(keys, tenant, isSuspended));
  print(isSuspended ? `${tenant} is refused from the next look at ${file} on` : `${tenant} may ask again`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
