import { type Task, taskCatalogue } from "@facefleet/contracts";
import type { FaceAnalysis } from "@facefleet/core";
import { inSpan, pastSpan } from "@facefleet/platform";

/** A span of an analysis, with one for each stage in it: as long as the inference process says, the last ends now. */
export function tracedAnalysis(
  task: Task,
  signal: AbortSignal,
  analyse: () => Promise<FaceAnalysis>,
): Promise<FaceAnalysis> {
  return inSpan("analyse", { signal }, async (span) => {
    const analysis = await analyse();
    span.setAttribute("facefleet.batch.size", analysis.timings.batchSize);
    let end = Date.now();
    for (const [stage, milliseconds] of stagesOf(analysis.timings, task).toReversed()) {
      end = pastSpan(stage, milliseconds, end);
    }
    return analysis;
  });
}

/** Those that follow each other. */
function stagesOf(timings: FaceAnalysis["timings"], task: Task): [stage: string, milliseconds: number][] {
  const { decodeMs, pyramidMs, detectMs, alignMs, embedMs } = timings;
  const stages: [string, number][] = [
    ["decode", decodeMs],
    ["detect", pyramidMs + detectMs],
  ];
  return taskCatalogue[task].embeds ? [...stages, ["embed", alignMs + embedMs]] : stages;
}
