import { resolve } from "node:path";
import { type BenchContext, type BenchmarkName, type BenchReport, benchmarks } from "@facefleet/bench";
import { type EngineChoice, engineNames } from "@facefleet/core";
import { Argument, type Command, Option } from "commander";
import { writeBenchJson } from "../bench/bench-json.js";
import { benchTable } from "../bench/bench-table.js";
import { besideCheckout } from "../beside-checkout.js";
import { type CliConfig, rootDir } from "../config.js";
import { ensurePack } from "./models.js";
import { wholeNumber } from "./number-options.js";
import { packOption } from "./pack-option.js";

interface BenchFlags {
  readonly engine: EngineChoice;
  readonly pack: string;
  readonly photos?: string;
  readonly minutes: number;
  readonly json?: string;
}

const names = Object.keys(benchmarks) as BenchmarkName[];

/** Adds `bench`. Ratios are shown with what they should reach; the exit code does not depend on them. */
export function addBenchCommand(program: Command, config: CliConfig): void {
  program
    .command("bench")
    .description("measure how fast the pipeline and the fleet are on this machine")
    .addArgument(new Argument("[names...]", "which benchmarks").choices(names).default(names, "all"))
    .addOption(
      new Option("--engine <name>", "what runs the networks").choices(["auto", ...engineNames]).default("auto"),
    )
    .addOption(packOption(config))
    .option("--photos <folder>", "the photos to measure with (default: those beside the checkout)")
    .option("--minutes <n>", "how long `soak` runs", wholeNumber(1, 1440), 10)
    .option("--json <file>", "also write the reports there")
    .action(async (chosen: BenchmarkName[], flags: BenchFlags) => {
      await ensurePack(config, { name: flags.pack });
      const reports: BenchReport[] = [];
      for (const name of chosen) {
        const report = await benchmarks[name](contextOf(config, flags));
        process.stdout.write(benchTable(report));
        reports.push(report);
      }
      if (flags.json !== undefined) await writeBenchJson(flags.json, reports);
    });
}

function contextOf(config: CliConfig, { engine, pack, photos, minutes }: BenchFlags): BenchContext {
  const { env, MODELS_DIR: modelsDir, TFJS_NODE_DIR: tfjsNodeDir } = config;
  const photosDir = photos === undefined ? besideCheckout("photos") : resolve(photos);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  return { rootDir, env, pack, modelsDir, tfjsNodeDir, engine, photosDir, minutes, say };
}
