import type { FaceAnalysis } from "@facefleet/core";
import { inSpan, pastSpan } from "@facefleet/platform";

const stages = ["decode", "detect", "embed"] as const;

/** A span of an analysis, with one for each stage in it: as long as the inference process says, the last ends now. */
export function tracedAnalysis(analyse: () => Promise<FaceAnalysis>): Promise<FaceAnalysis> {
  return inSpan("analyse", {}, async (span) => {
    const analysis = await analyse();
    span.setAttribute("facefleet.batch.size", analysis.timings.batchSize);
    let end = Date.now();
    for (const stage of stages.toReversed()) end = pastSpan(stage, analysis.timings[`${stage}Ms`], end);
    return analysis;
  });
}
