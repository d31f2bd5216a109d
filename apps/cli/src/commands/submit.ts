import { FacefleetClient } from "@facefleet/client";
import type { DetectorName, MultipartJob } from "@facefleet/contracts";
import { type Command, Option } from "commander";
import type { CommandContext } from "../command-context.js";
import { prefixSource } from "../submit/batch-submission.js";
import { Drawings } from "../submit/drawings.js";
import { assertServiceAnswers } from "../submit/service-check.js";
import { hasFailed, submitAll } from "../submit/submission.js";
import { submissionLine } from "../submit/submission-line.js";
import { submissionTable } from "../submit/submission-table.js";
import { expandInputs } from "../submit/submit-input.js";
import { startSubmitProgress } from "../submit/submit-progress.js";
import { detectorOption } from "./detector-option.js";
import { fraction, wholeNumber } from "./number-options.js";
import { submitBatch } from "./submit-batch.js";

interface SubmitFlags {
  readonly url: string;
  readonly task: MultipartJob["task"];
  readonly detector?: DetectorName;
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
    .addOption(new Option("--task <task>", "what to do").choices(["detect", "embed"]).default("detect"))
    .addOption(detectorOption("what finds faces (default: what the service is set to)"))
    .option("--min-face-size <pixels>", "smallest face", wholeNumber(12, 2000))
    .option("--min-confidence <0..1>", "faces below it are dropped", fraction)
    .option("--max-faces <n>", "most faces of one image", wholeNumber(1, 1000), 1000)
    .option("--concurrency <n>", "images sent at once", wholeNumber(1, 256), 8)
    .option("--json", "print one JSON object a line for each image, as it ends")
    .option("--draw <folder>", "write copies of the files with the faces drawn in")
    .addOption(new Option("--batch", "all images below one prefix, as JSON once all have ended").conflicts("draw"))
    .action(async (names: string[], flags: SubmitFlags) => {
      failed(await submit(names, flags, config.FACEFLEET_API_KEY));
    });
}

/** Returns how many images failed: were not analysed, or could not be drawn on. */
async function submit(names: readonly string[], flags: SubmitFlags, apiKey: string | undefined): Promise<number> {
  const service = { url: flags.url, apiKey };
  if (flags.batch) {
    const batch = { ...requestOf(flags), prefix: prefixSource(names) };
    await assertServiceAnswers(service);
    return submitBatch(new FacefleetClient(service), batch);
  }
  const { inputs, leftOut } = await expandInputs(names);
  if (leftOut > 0) process.stderr.write(`${leftOut} files in folders are no images by their names and are left out\n`);
  await assertServiceAnswers(service);
  const drawings = new Drawings(flags.draw, inputs);
  const progress = startSubmitProgress(inputs.length, !flags.json);
  const submissions = await submitAll(inputs, {
    client: new FacefleetClient(service),
    request: requestOf(flags),
    concurrency: flags.concurrency,
    async onEnd(submission) {
      if (flags.json) process.stdout.write(submissionLine(submission));
      await drawings.add(submission);
      progress.advance(hasFailed(submission));
    },
  });
  progress.stop();
  if (!flags.json) process.stdout.write(submissionTable(submissions));
  for (const fault of drawings.faults) process.stderr.write(`error: ${fault}\n`);
  return submissions.filter(hasFailed).length + drawings.faults.length;
}

function requestOf({ task, detector, minFaceSize, minConfidence, maxFaces }: SubmitFlags): MultipartJob {
  const options = {
    ...(detector !== undefined && { detector }),
    ...(minFaceSize !== undefined && { minFaceSize }),
    ...(minConfidence !== undefined && { minConfidence }),
    maxFaces,
  };
  return { task, options };
}
