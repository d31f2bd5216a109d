import { type Static, Type } from "typebox";
import { DroppedFace, Face, ImageInfo, ModelInfo } from "./face.js";
import { Problem } from "./problem.js";

export const Timings = Type.Object(
  {
    queueMs: Type.Number({ description: "From submission until a worker took the job." }),
    fetchMs: Type.Number(),
    decodeMs: Type.Number(),
    detectMs: Type.Number(),
    embedMs: Type.Number(),
    batchSize: Type.Integer({
      description:
        "Images that shared the first run of the detector with this one, itself included; 0 when the result of an earlier job was used.",
    }),
  },
  { $id: "Timings" },
);
export type Timings = Static<typeof Timings>;

/** The result of `detect` and `embed`. */
export const AnalysisResult = Type.Object(
  {
    image: ImageInfo,
    faces: Type.Array(Face),
    dropped: Type.Array(DroppedFace),
    model: ModelInfo,
    timings: Timings,
  },
  { $id: "AnalysisResult" },
);
export type AnalysisResult = Static<typeof AnalysisResult>;

/** The result of a task about one image. @alias */
export const ImageResult = AnalysisResult;
export type ImageResult = Static<typeof ImageResult>;

/** How near two embeddings are. */
export const Comparison = Type.Object(
  {
    match: Type.Boolean(),
    similarity: Type.Number({ description: "(cosine + 1) / 2." }),
    cosineSimilarity: Type.Number({ minimum: -1, maximum: 1 }),
    euclideanDistance: Type.Number({ minimum: 0, maximum: 2 }),
    threshold: Type.Number({ description: "Distances below it match." }),
  },
  { $id: "Comparison" },
);
export type Comparison = Static<typeof Comparison>;

export const decisions = ["match", "no_match", "uncertain"] as const;
export type Decision = (typeof decisions)[number];

const decision = Type.Enum(decisions, {
  description: "`uncertain` within the band of distances that both the same and different people reach.",
});

const { threshold: _, ...candidateComparison } = Comparison.properties;

/** A face of the second image that is not the nearest. */
export const Candidate = Type.Object({ ...candidateComparison, decision, face: Face }, { $id: "Candidate" });
export type Candidate = Static<typeof Candidate>;

export const VerifyResult = Type.Object(
  {
    ...Comparison.properties,
    decision,
    uncertainBand: Type.Object(
      { from: Type.Number(), to: Type.Number() },
      { description: "Distances below `from` are a `match`, from `to` on a `no_match`." },
    ),
    faces: Type.Array(Face, {
      minItems: 2,
      maxItems: 2,
      description: "The first face of the first image, by `order`, and the face of the second that is nearest to it.",
    }),
    faceCounts: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1 }), {
        minItems: 2,
        maxItems: 2,
        description: "How many faces each image has that no limit but `maxFaces` leaves out.",
      }),
    ),
    candidates: Type.Optional(
      Type.Array(Candidate, {
        description: "The other faces of the second image, up to `maxFaces`, the nearest first; without embeddings.",
      }),
    ),
    model: ModelInfo,
  },
  { $id: "VerifyResult" },
);
export type VerifyResult = Static<typeof VerifyResult>;

const seenFace = {
  face: Type.Optional(Face),
  faceCount: Type.Optional(
    Type.Integer({ minimum: 1, description: "How many faces the image has that no limit but `maxFaces` leaves out." }),
  ),
};

/** One of a gallery, as near to the probe as its nearest face is. */
export const GalleryMatch = Type.Object(
  {
    index: Type.Integer({ minimum: 0, description: "Which of the gallery it is, from 0." }),
    ...candidateComparison,
    decision,
    ...seenFace,
  },
  { $id: "GalleryMatch" },
);
export type GalleryMatch = Static<typeof GalleryMatch>;

export const MatchResult = Type.Object(
  {
    probe: Type.Object(seenFace, {
      description: "Of an image the first face, by `order`, which the gallery is compared with.",
    }),
    matches: Type.Array(GalleryMatch, {
      description: "The nearest first. Of an image with its nearest face, without that one's embedding.",
    }),
    failed: Type.Array(Type.Object({ index: Type.Integer({ minimum: 0 }), error: Problem }), {
      description: "Images of the gallery that have no face, or could not be had or read.",
    }),
    threshold: Comparison.properties.threshold,
    uncertainBand: VerifyResult.properties.uncertainBand,
    model: ModelInfo,
  },
  { $id: "MatchResult" },
);
export type MatchResult = Static<typeof MatchResult>;

export const JobResult = Type.Union([ImageResult, VerifyResult, MatchResult], { $id: "JobResult" });
export type JobResult = Static<typeof JobResult>;

/** How many faces a result is about; of a match, how many of its gallery were compared. */
export function facesIn(result: JobResult): number {
  return "matches" in result ? result.matches.length : result.faces.length;
}
