import { Readable } from "node:stream";
import {
  type GivenEmbedding,
  type GivenEmbeddings,
  type GivenPlaces,
  type MatchSubject,
  ProblemError,
  type RequestImage,
} from "@facefleet/contracts";
import { embeddingFromBase64, embeddingToBase64, expectUsable } from "@facefleet/matching";
import type { FastifyRequest } from "fastify";
import type { ImageIntake } from "./image-intake.js";
import type { InlineImages } from "./image-json.js";
import type { ReceivedImage } from "./received-image.js";

/** What a match compares: the probe, then its gallery. */
export interface ReceivedSubjects {
  readonly images: readonly ReceivedImage[];
  /** The embeddings among them, which are stored: no queue holds any. */
  readonly given?: GivenPlaces;
  /** Of all of them, as `ReceivedImage` has it. */
  readonly identity: unknown;
}

interface Match {
  readonly probe: MatchSubject;
  readonly gallery: readonly MatchSubject[];
}

/** Those of a match that are images. */
export function imagesOf({ probe, gallery }: Match): RequestImage[] {
  return [probe, ...gallery].filter((subject) => !isGiven(subject)) as RequestImage[];
}

/** @throws ProblemError `invalid_embedding`, or as `ImageIntake.keep` does */
export async function receiveSubjects(
  match: Match,
  { intake, request, inline }: { intake: ImageIntake; request: FastifyRequest; inline: InlineImages },
): Promise<ReceivedSubjects> {
  const subjects = [match.probe, ...match.gallery];
  const received = subjects.map((subject, place) =>
    isGiven(subject) ? storable(subject, place) : inline.received(subject),
  );
  const given = received.flatMap((one, place) => ("embedding" in one ? [{ place, one }] : []));
  const images = received.filter((one): one is ReceivedImage => !("embedding" in one));
  const identity = received.map((one) => ("embedding" in one ? one : one.identity));
  if (given.length === 0) return { images, identity };
  const json = Buffer.from(JSON.stringify(given.map(({ one }) => one) satisfies GivenEmbeddings));
  const { id: tenant, quotas } = request.tenant;
  // What is kept of them may be more than what the request says.
  const { uploadId } = await intake.keep(Readable.from([json]), { ...quotas, tenant, bytes: json.length });
  return { images, given: { upload: uploadId, places: given.map(({ place }) => place) }, identity };
}

function isGiven(subject: MatchSubject): subject is GivenEmbedding {
  return "embedding" in subject;
}

function storable({ embedding, fingerprint }: GivenEmbedding, place: number): GivenEmbeddings[number] {
  const where = place === 0 ? "/probe/embedding" : `/gallery/${place - 1}/embedding`;
  const values = typeof embedding === "string" ? float32Of(embedding, where) : Float32Array.from(embedding);
  expectUsable(values, where);
  return { embedding: embeddingToBase64(values), ...(fingerprint !== undefined && { fingerprint }) };
}

function float32Of(base64: string, where: string): Float32Array {
  const values = embeddingFromBase64(base64);
  if (values) return values;
  throw new ProblemError(
    "invalid_embedding",
    `Expected numbers or base64 of float32 for ${where} but received other text`,
  );
}
