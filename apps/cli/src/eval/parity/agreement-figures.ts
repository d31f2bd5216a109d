import type { FaceAgreement, FaceDifference } from "@facefleet/core/evaluation";

export interface Spread {
  readonly median: number;
  readonly worst: number;
}

type Measure = keyof FaceDifference;

/** How far two sights of the same photos are apart. */
export interface AgreementFigures extends Readonly<Record<Measure, Spread>> {
  readonly faces: number;
  readonly missed: number;
  readonly extra: number;
  /** Faces whose cosine is below the tolerance for one face. */
  readonly cosineBelow: number;
}

/** Measures that are best when they are large; of the others zero is the best. */
const similarities: readonly Measure[] = ["iou", "cosine"];

/**
 * What an engine may differ from the reference. Landmarks are in shares of the box's longer side. Few faces may
 * have another embedding: where two candidates tie, which of them stands for the face is a toss.
 */
const referenceTolerances = { iou: 0.85, confidence: 0.03, landmarks: 0.04, cosine: 0.98, cosineBelow: 0.01 };

/** What two engines may differ: pixels of a box, and any number of an embedding. */
const engineTolerances = { boxPixels: 0.5, embedding: 1e-4 };

export function agreementFigures(agreements: readonly FaceAgreement[]): AgreementFigures {
  const differences = agreements.flatMap((agreement) => agreement.differences);
  const sum = (count: (agreement: FaceAgreement) => number) => agreements.reduce((total, a) => total + count(a), 0);
  const spreadOf = (measure: Measure) => spread(differences, measure);
  return {
    faces: differences.length,
    missed: sum(({ missed }) => missed),
    extra: sum(({ extra }) => extra),
    // Counted by what is not above, so that NaN counts.
    cosineBelow: differences.filter(({ cosine }) => !(cosine >= referenceTolerances.cosine)).length,
    iou: spreadOf("iou"),
    boxPixels: spreadOf("boxPixels"),
    confidence: spreadOf("confidence"),
    landmarks: spreadOf("landmarks"),
    cosine: spreadOf("cosine"),
    embedding: spreadOf("embedding"),
  };
}

/** Each way in which an engine is not the reference's equal, in a sentence. */
export function referenceFaults(figures: AgreementFigures): string[] {
  const { iou, confidence, landmarks, cosineBelow } = referenceTolerances;
  return [
    ...missingFaults(figures),
    ...(figures.iou.worst >= iou ? [] : [expected(`an IoU of ${iou} or more`, figures.iou.worst)]),
    ...atMost(confidence, "score difference", figures.confidence.worst),
    ...atMost(landmarks, "landmark difference", figures.landmarks.worst),
    ...atMost(cosineBelow, "share of faces of another embedding", figures.cosineBelow / figures.faces),
  ];
}

/** Each way in which two engines do not agree, in a sentence. */
export function engineFaults(figures: AgreementFigures): string[] {
  return [
    ...missingFaults(figures),
    ...atMost(engineTolerances.boxPixels, "difference of boxes in pixels", figures.boxPixels.worst),
    ...atMost(engineTolerances.embedding, "difference of embeddings", figures.embedding.worst),
  ];
}

function missingFaults({ missed, extra, faces }: AgreementFigures): string[] {
  if (missed === 0 && extra === 0 && faces > 0) return [];
  return [`Expected the same faces but ${missed} are missing, ${extra} are extra, ${faces} agree`];
}

/** A NaN is at most nothing. */
function atMost(limit: number, what: string, received: number): string[] {
  return received <= limit ? [] : [expected(`a ${what} of at most ${limit}`, received)];
}

function expected(what: string, received: number): string {
  return `Expected ${what} but received ${received.toPrecision(4)}`;
}

function spread(differences: readonly FaceDifference[], measure: Measure): Spread {
  const values = differences.map((difference) => difference[measure]).sort((a, b) => a - b);
  const worst = similarities.includes(measure) ? Math.min(...values) : Math.max(...values);
  return { median: values[Math.floor(values.length / 2)] ?? Number.NaN, worst };
}
