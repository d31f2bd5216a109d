import { resolve } from "node:path";
import { type BenchContext, type BenchmarkName, type BenchReport, benchmarks } from "@facefleet/bench";
import { type EngineChoice, engineChoices } from "@facefleet/core";
import { Argument, type Command, Option } from "commander";
import { besideCheckout } from "../beside-checkout.js";
import { rootDir } from "../checkout.js";
import type { CommandContext } from "../command-context.js";
import { ensurePack } from "../commands/models/ensure-pack.js";
import { wholeNumber } from "../commands/number-options.js";
import { packOption } from "../commands/pack-option.js";
import { writeBenchJson } from "./bench-json.js";
import { benchTable } from "./bench-table.js";

interface BenchFlags {
  readonly engine: EngineChoice;
  readonly pack: string;
  readonly photos?: string;
  readonly minutes: number;
  readonly seconds: number;
  readonly seed: number;
  readonly json?: string;
}

const names = Object.keys(benchmarks) as BenchmarkName[];
/** All that measure. */
const measuring = names.filter((name) => name !== "faults");

/**
 * Ratios are shown with what they should reach; the exit code does not depend on them. What failed: what was found that
 * must never be.
 */
export function defineBench(command: Command, context: CommandContext): void {
  const { config, failed } = context;
  command
    .addArgument(new Argument("[names...]", "which benchmarks").choices(names).default(measuring, "all but faults"))
    .addOption(new Option("--engine <name>", "what runs the networks").choices(engineChoices).default("auto"))
    .addOption(packOption(config))
    .option("--photos <folder>", "the photos to measure with (default: those beside the checkout)")
    .option("--minutes <n>", "how long `soak` runs", wholeNumber(1, 1440), 10)
    .option("--seconds <n>", "how long `faults` lets things break", wholeNumber(10, 86_400), 120)
    .option("--seed <n>", "which random moments `faults` takes", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--json <file>", "also write the reports there")
    .action(async (chosen: BenchmarkName[], flags: BenchFlags) => {
      await ensurePack(config, { name: flags.pack });
      const reports: BenchReport[] = [];
      for (const name of chosen) {
        const report = await benchmarks[name](contextOf(flags, context));
        process.stdout.write(benchTable(report));
        reports.push(report);
        failed(report.broken?.length ?? 0);
      }
      if (flags.json !== undefined) await writeBenchJson(flags.json, reports);
    });
}

function contextOf(flags: BenchFlags, { config, onStopSignal }: CommandContext): BenchContext {
  const { env, MODELS_DIR: modelsDir, TFJS_NODE_DIR: tfjsNodeDir } = config;
  const { engine, pack, photos, minutes, seconds, seed } = flags;
  const photosDir = photos === undefined ? besideCheckout("photos") : resolve(photos);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const machine = { rootDir, env, modelsDir, tfjsNodeDir, photosDir, say, onStopSignal };
  return { ...machine, pack, engine, minutes, seconds, seed };
}
