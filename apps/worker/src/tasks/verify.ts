import { type FaceJobPayload, type JobOptions, ProblemError, type VerifyResult } from "@facefleet/contracts";
import type { FaceAnalysis } from "@facefleet/core";
import { packManifest } from "@facefleet/core/models";
import { compareEmbeddings, decide, expectSameFingerprint, uncertainBand } from "@facefleet/matching";
import { analysed, placeOf } from "./analysed.js";
import { toFace } from "./result.js";
import { faceCount, noFaceIn } from "./seen-image.js";

/** Compares the first face of the first image with every face of the second one. */
export const verify = analysed((analyses, { options }) => comparison(analyses, options), optionsOf);

/** Of the first image the one face is wanted that all of the second's are compared with. */
function optionsOf({ options }: FaceJobPayload, index: number): JobOptions {
  return index === 0 ? { ...options, maxFaces: 1 } : options;
}

function comparison(analyses: readonly FaceAnalysis[], options: JobOptions): VerifyResult {
  expectFaces(analyses);
  const [first, second] = analyses as [FaceAnalysis, FaceAnalysis];
  expectSameFingerprint(first.model.fingerprint, second.model.fingerprint);
  const probe = first.faces[0]!;
  const band = uncertainBand(packManifest(first.model.pack).distances[options.detector][options.embedding]);
  const compared = second.faces
    .map((face) => ({ face, comparison: compareEmbeddings(probe.embedding ?? [], face.embedding ?? []) }))
    .sort((a, b) => a.comparison.euclideanDistance - b.comparison.euclideanDistance);
  const [best, ...others] = compared as [(typeof compared)[0], ...typeof compared];
  return {
    ...best.comparison,
    decision: decide(best.comparison.euclideanDistance, band),
    uncertainBand: band,
    faces: [toFace(probe, first.image, options), toFace(best.face, second.image, options)],
    faceCounts: analyses.map(faceCount),
    candidates: others.map(({ face: { embedding, ...face }, comparison: { threshold, ...comparison } }) => ({
      ...comparison,
      decision: decide(comparison.euclideanDistance, band),
      face: toFace(face, second.image, options),
    })),
    model: first.model,
  };
}

/** @throws ProblemError no_face_detected that names every image that has none */
function expectFaces(analyses: readonly FaceAnalysis[]): void {
  const faults = analyses.flatMap((analysis, index) =>
    analysis.faces.length > 0 ? [] : [noFaceIn(placeOf(index, analyses), analysis)],
  );
  if (faults.length > 0) throw new ProblemError("no_face_detected", faults.join(" "));
}
