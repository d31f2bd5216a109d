import { basename, dirname, join, resolve } from "node:path";
import { type DetectorName, detectorCatalogue, usualDetector } from "@facefleet/contracts";
import {
  type EmbeddingKind,
  type EngineChoice,
  type EngineName,
  embeddingKinds,
  engineChoices,
  engineNames,
} from "@facefleet/core";
import { type Command, Option } from "commander";
import { besideCheckout } from "../beside-checkout.js";
import type { CommandContext } from "../command-context.js";
import { ensurePack } from "../commands/models/ensure-pack.js";
import { fraction, wholeNumber } from "../commands/number-options.js";
import { packOption } from "../commands/pack-option.js";
import type { CliConfig } from "../config.js";
import { detectionPlots } from "./detection/detection-plots.js";
import { detectionTable } from "./detection/detection-table.js";
import { evaluateDetection } from "./detection/evaluate-detection.js";
import { detectorOption } from "./detector-option.js";
import { distancesTable } from "./distances/distances-table.js";
import { type DistancesReport, type EmbeddingChoice, evaluateDistances } from "./distances/evaluate-distances.js";
import { pinDistances } from "./distances/pin-distances.js";
import { type EvalPipeline, openEvalPipeline } from "./eval-pipeline.js";
import { startEvalProgress } from "./eval-progress.js";
import { evaluateLfw } from "./lfw/evaluate-lfw.js";
import { lfwPlots } from "./lfw/lfw-plots.js";
import { lfwTable } from "./lfw/lfw-table.js";
import { evaluateParity } from "./parity/evaluate-parity.js";
import { parityTable } from "./parity/parity-table.js";
import { reportJson, writeReport } from "./report-folder.js";

interface ReportFlags {
  readonly json?: boolean;
  readonly out?: string;
}

interface LfwFlags extends ReportFlags {
  readonly dir: string;
  readonly pairs: string;
  readonly engine: EngineChoice;
  readonly pack: string;
  readonly detector: DetectorName;
  readonly embedding: EmbeddingKind;
}

interface DistancesFlags extends ReportFlags {
  readonly dir: string;
  readonly measuredOn?: string;
  readonly engine: EngineChoice;
  readonly pack: string;
  readonly detector: DetectorName;
  readonly embedding: EmbeddingChoice[];
  readonly pin?: boolean;
}

interface DetectionFlags extends ReportFlags {
  readonly dir: string;
  readonly boxes: string;
  readonly engine: EngineChoice;
  readonly pack: string;
  readonly detector: DetectorName;
  readonly minFaceSize: number;
  readonly minConfidence?: number;
}

interface ParityFlags extends ReportFlags {
  readonly reference: string;
  readonly photos?: string;
  readonly engine: EngineName[];
  readonly pack: string;
  readonly skip: string[];
  readonly limit?: number;
}

/** `eval lfw`, `eval distances`, `eval detection` and `eval parity`. */
export function defineEval(evaluations: Command, { config, failed }: CommandContext): void {
  addLfw(evaluations, config);
  addDistances(evaluations, config);
  addDetection(evaluations, config);
  addParity(evaluations, config, failed);
}

function addLfw(evaluations: Command, config: CliConfig): void {
  const [images, pairs] = ["images", "pairs.txt"].map((name) => besideCheckout("lfw", name));
  withReport(evaluations.command("lfw"))
    .description("tell same from different people (Labeled Faces in the Wild)")
    .addOption(required("--dir <folder>", "the images: <name>/<name>_0001.jpg", images))
    .addOption(required("--pairs <file>", "the pairs.txt of the data set", pairs))
    .addOption(engineOption())
    .addOption(packOption(config))
    .addOption(detectorOption("what finds faces").default(usualDetector))
    .addOption(
      new Option("--embedding <kind>", "how faces are embedded")
        .choices(Object.keys(embeddingKinds))
        .default("standard"),
    )
    .action((flags: LfwFlags) =>
      withPipeline(config, flags, async (opened) => {
        const report = await evaluateLfw({
          ...opened,
          imagesDir: resolve(flags.dir),
          pairsFile: flags.pairs,
          cacheDir: join(config.DATA_DIR, "eval"),
          startProgress: startEvalProgress,
        });
        await publish(flags, report, lfwTable(report), lfwPlots(report));
      }),
    );
}

function addDistances(evaluations: Command, config: CliConfig): void {
  withReport(evaluations.command("distances"))
    .description("how often each distance errs on pictures of your own: which threshold to choose")
    .addOption(
      required("--dir <folder>", "a folder a person: <person>/<any name>.jpg", besideCheckout("lfw", "images")),
    )
    .option("--measured-on <words>", "what the pictures are, for the table (default: every two pictures of the folder)")
    .addOption(engineOption())
    .addOption(packOption(config))
    .addOption(detectorOption("what finds faces").default(usualDetector))
    .addOption(
      new Option("--embedding <kinds...>", "how faces are embedded")
        .choices(["standard", "high"])
        .default(["standard", "high"]),
    )
    .option("--pin", "write the table into the pack's own figures (for developers: changes the checkout)")
    .action(async (flags: DistancesFlags) => {
      const reports: DistancesReport[] = [];
      for (const embedding of flags.embedding) {
        await withPipeline(config, { ...flags, embedding }, async (opened) => {
          const report = await evaluateDistances({
            ...opened,
            embedding,
            imagesDir: flags.dir,
            measuredOn: flags.measuredOn ?? `every two pictures of ${basename(resolve(flags.dir))}`,
            cacheDir: join(config.DATA_DIR, "eval"),
            startProgress: startEvalProgress,
          });
          reports.push(report);
        });
      }
      await publish(flags, { evaluation: "distances", reports }, reports.map(distancesTable).join(""), {});
      if (flags.pin) await pinDistances(flags.pack, flags.detector, reports);
    });
}

function addDetection(evaluations: Command, config: CliConfig): void {
  withReport(evaluations.command("detection"))
    .description("precision and recall of the detector at IoU 0.5")
    .requiredOption("--dir <folder>", "the images")
    .requiredOption("--boxes <file>", 'the true faces: [{"file", "boxes": [[x, y, width, height], ...]}, ...]')
    .addOption(engineOption())
    .addOption(packOption(config))
    .addOption(detectorOption("what finds faces").default(usualDetector))
    .option("--min-face-size <pixels>", "smallest face", wholeNumber(12, 2000), 20)
    .option(
      "--min-confidence <0..1>",
      "where precision and recall are given (default: that of jobs with this detector)",
      fraction,
    )
    .action(({ dir, boxes, ...flags }: DetectionFlags) =>
      withPipeline(config, flags, async (opened) => {
        const { minFaceSize, minConfidence = detectorCatalogue[flags.detector].minConfidence } = flags;
        const where = { imagesDir: dir, boxesFile: boxes, startProgress: startEvalProgress };
        const report = await evaluateDetection({ ...opened, ...where, minFaceSize, minConfidence });
        await publish(flags, report, detectionTable(report), detectionPlots(report));
      }),
    );
}

function addParity(evaluations: Command, config: CliConfig, failed: CommandContext["failed"]): void {
  withReport(evaluations.command("parity"))
    .description("how far the engines are from the reference and from each other; fails outside the tolerances")
    .addOption(required("--reference <file>", "the reference's results", besideCheckout("goldens", "photos.json")))
    .option("--photos <folder>", "the photos (default: the folder `photos` beside the reference's)")
    .addOption(new Option("--engine <names...>", "engines that have to be there").choices(engineNames).default([]))
    .addOption(packOption(config))
    .option("--skip <photos...>", "photos to leave out", [])
    .option("--limit <n>", "how many photos, the smallest first", wholeNumber(1, 1_000_000))
    .action(async (flags: ParityFlags) => {
      await ensurePack(config, { name: flags.pack });
      const report = await evaluateParity({
        pack: flags.pack,
        modelsDir: config.MODELS_DIR,
        tfjsNodeDir: config.TFJS_NODE_DIR,
        referenceFile: flags.reference,
        photosDir: flags.photos ?? join(dirname(flags.reference), "..", "photos"),
        engines: flags.engine,
        skip: flags.skip,
        limit: flags.limit ?? Number.POSITIVE_INFINITY,
        startProgress: startEvalProgress,
      });
      await publish(flags, report, parityTable(report), {});
      if (!report.withinTolerances) failed(1);
    });
}

function withReport(command: Command): Command {
  return command
    .option("--json", "print the report as JSON instead of a table")
    .option("--out <folder>", "write report.json and the plots (SVG) there");
}

function engineOption(): Option {
  return new Option("--engine <name>", "what runs the networks").choices(engineChoices).default("auto");
}

/** An option that has to be given where there is no file to take by default. */
function required(flags: string, description: string, file: string | undefined): Option {
  const option = new Option(flags, description).makeOptionMandatory();
  return file === undefined ? option : option.default(file);
}

async function withPipeline(
  config: CliConfig,
  {
    engine,
    pack,
    detector,
    embedding,
  }: {
    readonly engine: EngineChoice;
    readonly pack: string;
    readonly detector: DetectorName;
    readonly embedding?: EmbeddingKind;
  },
  evaluate: (opened: EvalPipeline) => Promise<void>,
): Promise<void> {
  await ensurePack(config, { name: pack });
  const { MODELS_DIR: modelsDir, TFJS_NODE_DIR: tfjsNodeDir } = config;
  const opened = await openEvalPipeline({
    pack,
    modelsDir,
    engine,
    tfjsNodeDir,
    detector,
    ...(embedding && { embedding }),
  });
  try {
    await evaluate(opened);
  } finally {
    await opened.close();
  }
}

async function publish(
  { json, out }: ReportFlags,
  report: object,
  table: string,
  plots: Readonly<Record<string, string>>,
): Promise<void> {
  if (out !== undefined) await writeReport(out, report, plots);
  process.stdout.write(json ? reportJson(report) : table);
}
