import { extname } from "node:path";
import { FacefleetClient, type JobOptions } from "@facefleet/client";
import { type Command, Option } from "commander";
import type { CommandContext } from "../command-context.js";
import type { CliConfig } from "../config.js";
import { counted } from "../counted.js";
import { prefixSource } from "../submit/batch-submission.js";
import { Drawings } from "../submit/drawings.js";
import { assertServiceAnswers } from "../submit/service-check.js";
import { hasFailed, type SubmitRequest, submitAll } from "../submit/submission.js";
import { submissionLine } from "../submit/submission-line.js";
import { submissionTable } from "../submit/submission-table.js";
import { expandInputs } from "../submit/submit-input.js";
import { startSubmitProgress } from "../submit/submit-progress.js";
import { fraction, wholeNumber } from "./number-options.js";
import { submitBatch } from "./submit-batch.js";

interface SubmitFlags {
  readonly url: string;
  readonly task?: "detect" | "embed";
  readonly detector?: JobOptions["detector"];
  readonly minFaceSize?: number;
  readonly minConfidence?: number;
  readonly maxFaces: number;
  readonly concurrency: number;
  readonly json?: boolean;
  readonly draw?: string;
  readonly batch?: boolean;
}

export function defineSubmit(command: Command, { config, failed }: CommandContext): void {
  command
    .argument(
      "<inputs...>",
      "files, folders (with everything below them), s3://bucket/key; with --batch s3://bucket/prefix/",
    )
    .option("--url <url>", "where the service is (FACEFLEET_URL)", config.FACEFLEET_URL)
    .addOption(
      new Option("--task <task>", "what to do (default: detect; with --batch embed)").choices(["detect", "embed"]),
    )
    .option("--detector <name>", "what finds faces: mtcnn or yunet (default: what the service is set to)")
    .option("--min-face-size <pixels>", "smallest face", wholeNumber(12, 2000))
    .option("--min-confidence <0..1>", "faces below it are dropped", fraction)
    .option("--max-faces <n>", "most faces of one image", wholeNumber(1, 1000), 1000)
    .option("--concurrency <n>", "images sent at once", wholeNumber(1, 256), 8)
    .option("--json", "print one JSON object a line for each image, as it ends")
    .option("--draw <folder>", "write copies of the images with the faces drawn in")
    .addOption(new Option("--batch", "all images below one prefix, as JSON once all have ended").conflicts("draw"))
    .action(async (names: string[], flags: SubmitFlags) => {
      failed(await submit(names, flags, config));
    });
}

/** Returns how many images failed: were not analysed, or could not be drawn on. */
async function submit(names: readonly string[], flags: SubmitFlags, config: CliConfig): Promise<number> {
  const service = { url: flags.url, apiKey: config.FACEFLEET_API_KEY };
  if (flags.batch) {
    const batch = { ...requestOf(flags), prefix: prefixSource(names) };
    await assertServiceAnswers(service);
    const { items, failed } = await submitBatch(new FacefleetClient(service), batch);
    return told(failed, items);
  }
  const { inputs, leftOut } = await expandInputs(names);
  if (leftOut.length > 0) process.stderr.write(`Left out, being no images by their names: ${kindsOf(leftOut)}\n`);
  await assertServiceAnswers(service);
  const drawings = flags.draw === undefined ? undefined : new Drawings(flags.draw, inputs, config);
  const progress = startSubmitProgress(inputs.length, !flags.json);
  const submissions = await submitAll(inputs, {
    client: new FacefleetClient(service),
    request: requestOf(flags),
    concurrency: flags.concurrency,
    draw: (submission) => drawings?.draw(submission),
    onEnd(submission) {
      if (flags.json) process.stdout.write(submissionLine(submission));
      progress.advance(hasFailed(submission));
    },
  });
  progress.stop();
  await drawings?.close();
  if (!flags.json) process.stdout.write(submissionTable(submissions));
  const faults = drawings?.faults ?? [];
  for (const fault of faults) process.stderr.write(`error: ${fault}\n`);
  return told(submissions.filter(hasFailed).length, inputs.length) + faults.length;
}

/** Says how many failed, where some did. */
function told(failed: number, all: number): number {
  if (failed > 0) process.stderr.write(`error: ${failed} of ${counted(all, "image")} failed\n`);
  return failed;
}

/** "1 file (.txt)", "12 files (.mov, no ending)" */
function kindsOf(files: readonly string[]): string {
  const endings = [...new Set(files.map((file) => extname(file).toLowerCase() || "no ending"))].sort();
  return `${counted(files.length, "file")} (${endings.join(", ")})`;
}

function requestOf({
  batch,
  task = batch ? "embed" : "detect",
  detector,
  minFaceSize,
  minConfidence,
  maxFaces,
}: SubmitFlags): SubmitRequest {
  const options = {
    ...(detector !== undefined && { detector }),
    ...(minFaceSize !== undefined && { minFaceSize }),
    ...(minConfidence !== undefined && { minConfidence }),
    maxFaces,
  };
  return { task, options };
}
