import {
  type FaceJobPayload,
  type GalleryMatch,
  GivenEmbeddings,
  type ImageRef,
  type MatchResult,
  type Problem,
  ProblemError,
} from "@facefleet/contracts";
import type { AnalysedFace, FaceAnalysis } from "@facefleet/core";
import { packManifest } from "@facefleet/core/models";
import {
  compareEmbeddings,
  decide,
  embeddingFromBase64,
  expectSameFingerprint,
  matchThreshold,
  uncertainBand,
} from "@facefleet/matching";
import type { RunningJob } from "@facefleet/platform";
import { Value } from "typebox/value";
import { fetchUpload } from "../images/fetch-image.js";
import { toFace } from "./result.js";
import { analyseImage, faceCount, fetchTimed, type ImageParts, noFaceIn } from "./seen-image.js";

/** Of a gallery's images, how many are fetched and analysed at a time: each holds its bytes meanwhile. */
const imagesAtOnce = 4;

type Vector = ArrayLike<number>;

/** An embedding, or an image whose faces are to be embedded. */
type Subject = { readonly embedding: Vector } | { readonly image: ImageRef };

/** What the first of all is compared with. */
interface Compared {
  readonly embedding: Vector;
  readonly face?: AnalysedFace;
  readonly analysis?: FaceAnalysis;
}

/**
 * Compares one image or embedding with many. An image of the gallery that cannot be had or read fails alone; what is no
 * fault of one image fails the job.
 */
export async function match(job: RunningJob, parts: ImageParts, signal: AbortSignal): Promise<MatchResult> {
  const { options } = job.payload;
  const model = parts.modelOf(options);
  const band = uncertainBand(packManifest(model.pack).distances[options.detector][options.embedding]);
  const [first, ...gallery] = await subjectsOf(job.payload, model.fingerprint, parts, signal);
  const [probe] = await named("the probe", seen(first as Subject, 1, job, parts, signal));
  const matches: GalleryMatch[] = [];
  const failed: MatchResult["failed"] = [];
  const compare = async (subject: Subject, index: number, within: AbortSignal) => {
    const found = await seen(subject, options.maxFaces, job, parts, within).catch((error: unknown) =>
      ownProblem(error),
    );
    if (!Array.isArray(found)) {
      failed.push({ index, error: found });
      return;
    }
    const near = found
      .map((one) => ({ ...one, comparison: compareEmbeddings(probe!.embedding, one.embedding) }))
      .reduce((a, b) => (b.comparison.euclideanDistance < a.comparison.euclideanDistance ? b : a));
    const { threshold, ...comparison } = near.comparison;
    const decision = decide(comparison.euclideanDistance, band);
    matches.push({ index, ...comparison, decision, ...shown(near, options, false) });
  };
  await atMost(imagesAtOnce, gallery, compare, signal);
  return {
    probe: shown(probe!, options, true),
    matches: matches.sort((a, b) => a.euclideanDistance - b.euclideanDistance || a.index - b.index),
    failed: failed.sort((a, b) => a.index - b.index),
    threshold: matchThreshold,
    uncertainBand: band,
    model,
  };
}

/** In the order of the request: the probe, then the gallery. */
async function subjectsOf(
  { images, given, tenant }: FaceJobPayload,
  fingerprint: string,
  { own }: ImageParts,
  signal: AbortSignal,
): Promise<Subject[]> {
  if (!given) return images.map((image) => ({ image }));
  const bytes = await fetchUpload(own, given.upload, { tenant, maxBytes: mostGivenBytes, signal });
  const embeddings: unknown = JSON.parse(bytes.toString());
  if (!Value.Check(GivenEmbeddings, embeddings) || embeddings.length !== given.places.length)
    throw new Error("Expected as many embeddings as the job was given");
  const byPlace = new Map(given.places.map((place, i) => [place, embeddings[i]!]));
  const rest = images.values();
  return Array.from({ length: images.length + byPlace.size }, (_, place) => {
    const one = byPlace.get(place);
    if (!one) return { image: rest.next().value as ImageRef };
    expectMade(place, one.fingerprint, fingerprint);
    return { embedding: vectorOf(one.embedding) };
  });
}

/** In bytes; a hundred of them with their fingerprints have less. */
const mostGivenBytes = 1_048_576;

/** @throws ProblemError fingerprint_mismatch that names the embedding */
function expectMade(place: number, received: string | undefined, expected: string): void {
  try {
    expectSameFingerprint(expected, received);
  } catch (cause) {
    const where = place === 0 ? "probe" : `gallery/${place - 1}`;
    const detail = `Expected ${expected}, which the job's options make, for the fingerprint of /${where} but received ${received}`;
    throw new ProblemError("fingerprint_mismatch", detail, { cause });
  }
}

function vectorOf(base64: string): Vector {
  const values = embeddingFromBase64(base64);
  if (!values) throw new Error("Expected an embedding that the job was given to be base64 of float32");
  return values;
}

/** At least one. @throws ProblemError */
async function seen(
  subject: Subject,
  maxFaces: number,
  job: RunningJob,
  parts: ImageParts,
  signal: AbortSignal,
): Promise<[Compared, ...Compared[]]> {
  if ("embedding" in subject) return [subject];
  const { bytes } = await fetchTimed(subject.image, job, parts, signal);
  const analysis = await analyseImage(bytes, { ...job.payload.options, maxFaces }, job, parts, signal);
  const [first, ...others] = analysis.faces.map((face) => ({ embedding: face.embedding ?? [], face, analysis }));
  if (!first) throw new ProblemError("no_face_detected", noFaceIn("the image", analysis));
  return [first, ...others];
}

/** Says of the probe that a problem is about it. */
async function named<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw new ProblemError(error.code, `In ${what}: ${error.message}`, { cause: error, extras: error.extras });
  }
}

/** What is wrong with an image of the gallery. @throws what is no fault of one image, and may be gone another time */
function ownProblem(error: unknown): Problem {
  if (error instanceof ProblemError && (!error.retryable || error.code === "image_unreachable"))
    return error.toProblem();
  throw error;
}

/** What the answer has of a face that was compared. */
function shown({ face, analysis }: Compared, options: FaceJobPayload["options"], withEmbedding: boolean) {
  if (!face || !analysis) return {};
  const { embedding, ...rest } = face;
  return {
    face: toFace(withEmbedding ? face : rest, analysis.image, options),
    faceCount: faceCount(analysis),
  };
}

/** Does work for all, so many at a time. The first failure ends it, and is thrown once nothing of it goes on. */
async function atMost<T>(
  count: number,
  all: readonly T[],
  work: (one: T, index: number, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const entries = all.entries();
  const go = async () => {
    for (const [index, one] of entries) {
      either.throwIfAborted();
      await work(one, index, either);
    }
  };
  const going = Array.from({ length: count }, go);
  try {
    await Promise.all(going);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(going);
    throw error;
  }
}
