import { openAsBlob } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FacefleetClient } from "@facefleet/client";
import type { Command } from "commander";
import { rootDir } from "../checkout.js";
import type { CommandContext } from "../command-context.js";
import { wholeNumber } from "../commands/number-options.js";
import { counted } from "../counted.js";
import { readScrapeTargets, scrapeTargetsFile } from "../stack/scrape-targets.js";
import { assertServiceAnswers } from "../submit/service-check.js";
import { agrees, compare } from "./agreement.js";
import { readCounters } from "./counters.js";
import { endedLately, jobsIn } from "./fleet-look.js";
import { startLoadProgress } from "./load-progress.js";
import { loadReport } from "./load-report.js";
import { runLoad, settleMs } from "./load-run.js";

interface LoadFlags {
  readonly url: string;
  readonly image: string;
  readonly seconds: number;
  readonly rate: number;
  readonly targets: string;
}

/** What failed: figures that do not agree, and jobs that were not taken. */
export function defineLoad(command: Command, { config, failed }: CommandContext): void {
  command
    .option("--url <url>", "where the service is (FACEFLEET_URL)", config.FACEFLEET_URL)
    .option("--seconds <n>", "for how long", wholeNumber(1, 3600), 60)
    .option("--rate <n>", "jobs a second", wholeNumber(1, 1000), 4)
    .option("--image <file>", "what to send", join(rootDir, "tests", "assets", "portrait.png"))
    .option(
      "--targets <file>",
      "where /metrics are, as Prometheus' file_sd_configs has it (default: those of npm start)",
      scrapeTargetsFile(config.DATA_DIR),
    )
    .action(async (flags: LoadFlags) => {
      failed(await load(flags, config.FACEFLEET_API_KEY));
    });
}

async function load(flags: LoadFlags, apiKey: string | undefined): Promise<number> {
  const { url, seconds, rate } = flags;
  const service = { url, apiKey };
  await assertServiceAnswers(service);
  const client = new FacefleetClient(service);
  await assertIdle(client);
  const targets = await readScrapeTargets(flags.targets);
  await sleep(settleMs);
  const before = { endedLately: endedLately(await client.fleet()), counters: await readCounters(targets) };
  const progress = startLoadProgress(seconds * rate);
  const image = await openAsBlob(flags.image);
  const record = await runLoad(client, { rate, seconds, image, onSent: progress.sent, onEnd: progress.ended });
  progress.stop();
  const agreements = compare(record, before, await readCounters(targets));
  process.stdout.write(loadReport(record, agreements));
  return record.faults.length + agreements.filter((agreement) => !agrees(agreement)).length;
}

/** What others send would be counted as ours. */
async function assertIdle(client: FacefleetClient): Promise<void> {
  const jobs = jobsIn(await client.fleet());
  if (jobs > 0) throw new Error(`Expected a service with nothing to do but it has ${counted(jobs, "job")}`);
}
