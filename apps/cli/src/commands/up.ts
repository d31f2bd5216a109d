import type { Command } from "commander";
import { rootDir } from "../checkout.js";
import type { CommandContext, OnStopSignal } from "../command-context.js";
import type { CliConfig } from "../config.js";
import { Stack } from "../stack/stack.js";
import { welcome } from "../stack/welcome.js";
import { ensurePack } from "./models/ensure-pack.js";
import { wholeNumber } from "./number-options.js";

export function defineUp(command: Command, { config, onStopSignal }: CommandContext): void {
  command
    .option("--workers <n>", "how many workers", wholeNumber(1, 64), 1)
    .action(({ workers }: { workers: number }) => up(config, workers, onStopSignal));
}

/** Ends when it is asked to stop; throws one sentence when a part cannot start or has died. */
async function up(config: CliConfig, workers: number, onStopSignal: OnStopSignal): Promise<void> {
  outliveTheTerminal();
  const stack = new Stack({ config, workers, say, ensurePack: () => ensurePack(config) });
  const stopped = stopWish(stack, onStopSignal);
  try {
    const first = await Promise.race([stack.start(), stopped]);
    if (first === "stopped") return;
    process.stdout.write(welcomeTo(stack, config, workers));
    const end = await Promise.race([stack.failure, stopped]);
    if (end !== "stopped") throw new Error(end);
  } finally {
    await stack.stop();
  }
}

/** Nobody may be left to read what is said while everything is being stopped. */
function outliveTheTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/** The first signal asks politely; the next one does not wait. */
function stopWish(stack: Stack, onStopSignal: OnStopSignal): Promise<"stopped"> {
  return new Promise((resolve) => {
    let asked = false;
    onStopSignal(() => {
      if (asked) return stack.kill();
      asked = true;
      say("Stopping: running jobs have up to 25 s to end (Ctrl-C again: at once)");
      resolve("stopped");
    });
  });
}

function welcomeTo(stack: Stack, config: CliConfig, workers: number): string {
  const { address, redisOrigin } = stack;
  const { DATA_DIR: dataDir, API_KEYS_FILE } = config;
  const needsKey = API_KEYS_FILE !== undefined;
  return welcome({ address, redisOrigin, workers, rootDir, cwd: process.cwd(), dataDir, needsKey });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
