import { type Batch, type BatchState, FacefleetClient } from "@facefleet/client";
import type { Command } from "commander";
import type { CommandContext } from "../command-context.js";
import { startBatchProgress } from "../submit/batch-progress.js";
import { assertServiceAnswers } from "../submit/service-check.js";
import { table } from "../table.js";
import { wholeNumber } from "./number-options.js";

interface ListFlags {
  readonly url: string;
  readonly state?: BatchState;
  readonly limit: number;
  readonly json?: boolean;
}

/** `batches list` and `batches retry`. */
export function defineBatches(batches: Command, { config, failed }: CommandContext): void {
  const url = ["--url <url>", "where the service is (FACEFLEET_URL)", config.FACEFLEET_URL] as const;
  const connected = async (flags: { readonly url: string }) => {
    const service = { url: flags.url, apiKey: config.FACEFLEET_API_KEY };
    await assertServiceAnswers(service);
    return new FacefleetClient(service);
  };
  batches
    .command("list")
    .description("your batches, newest first")
    .option(...url)
    .option("--state <state>", "only those in this state: queued, active, finished, failed or canceled")
    .option("--limit <n>", "at most so many", wholeNumber(1, 100_000), 100)
    .option("--json", "as JSON, a line for each")
    .action(async (flags: ListFlags) => list(await connected(flags), flags));
  batches
    .command("retry <id>")
    .description("try the failed items of a batch again, and wait for its end")
    .option(...url)
    .action(async (id: string, flags: { readonly url: string }) => {
      failed(await retryBatch(await connected(flags), id));
    });
}

async function list(client: FacefleetClient, { state, limit, json }: ListFlags): Promise<void> {
  const found: Batch[] = [];
  for await (const batch of client.batches({ state, pageSize: Math.min(limit, 100) })) {
    if (json) process.stdout.write(`${JSON.stringify(batch)}\n`);
    found.push(batch);
    if (found.length === limit) break;
  }
  if (!json) process.stdout.write(table(columns, found));
}

const columns = [
  ["batch", ({ id }: Batch) => id],
  ["state", ({ state }: Batch) => state],
  ["created", ({ createdAt }: Batch) => createdAt],
  ["items", ({ counts }: Batch) => String(counts.total)],
  ["succeeded", ({ counts }: Batch) => String(counts.succeeded)],
  ["failed", ({ counts }: Batch) => String(counts.failed)],
  ["canceled", ({ counts }: Batch) => String(counts.canceled)],
] as const;

/** Has the failed items of a batch tried again. Returns how many have not succeeded in the end. */
async function retryBatch(client: FacefleetClient, id: string): Promise<number> {
  const retried = await client.retryBatch(id);
  process.stderr.write(`${retried.links.self} goes on if this is stopped\n`);
  const progress = startBatchProgress();
  try {
    const { state, counts } = await client.waitForBatch(retried, { onProgress: (batch) => progress.update(batch) });
    progress.stop();
    process.stdout.write(`${id} ${state}: ${counts.succeeded} of ${counts.total} succeeded, ${counts.failed} failed\n`);
    return counts.total - counts.succeeded;
  } finally {
    progress.stop();
  }
}
