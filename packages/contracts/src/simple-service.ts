import { type Static, Type } from "typebox";
import { Fingerprint } from "./face.js";
import { RequestImage } from "./image-ref.js";

/** The name that the simple endpoints give the embedding model. */
export const simpleModelName = "FaceNet (Inception ResNet V1)";
export const embeddingDimensions = 512;

/** The header of POST /extract-embedding's answer that names the model which made the embedding. */
export const fingerprintHeader = "x-model-fingerprint";

export const HealthAnswer = Type.Object(
  {
    status: Type.Enum(["healthy", "degraded"]),
    service: Type.Literal("facefleet"),
    model: Type.String(),
    embedding_dimensions: Type.Integer(),
    detail: Type.Optional(Type.String({ description: "What is wrong, where it is degraded." })),
  },
  { $id: "HealthAnswer" },
);
export type HealthAnswer = Static<typeof HealthAnswer>;

export const DetectFaceAnswer = Type.Object(
  {
    face_detected: Type.Boolean(),
    num_faces: Type.Integer(),
    confidence: Type.Number({ description: "Of the most prominent face; 0 when there is none." }),
    message: Type.String(),
  },
  { $id: "DetectFaceAnswer" },
);
export type DetectFaceAnswer = Static<typeof DetectFaceAnswer>;

export const ExtractEmbeddingAnswer = Type.Object(
  {
    embedding: Type.Array(Type.Number(), { description: "Of the most prominent face, L2-normalised." }),
    dimensions: Type.Integer(),
    confidence: Type.Number(),
    model: Type.String(),
  },
  { $id: "ExtractEmbeddingAnswer" },
);
export type ExtractEmbeddingAnswer = Static<typeof ExtractEmbeddingAnswer>;

/** The JSON body of POST /detect-face and POST /extract-embedding. */
export const ImageRequest = Type.Object({ image: RequestImage }, { $id: "ImageRequest", additionalProperties: false });
export type ImageRequest = Static<typeof ImageRequest>;

/** Embeddings to be compared. They are checked by the comparison itself, which says more than a schema can. */
export const EmbeddingPair = Type.Object(
  {
    embedding1: Type.Array(Type.Number()),
    embedding2: Type.Array(Type.Number()),
    fingerprint1: Type.Optional(Fingerprint),
    fingerprint2: Type.Optional(Fingerprint),
  },
  { $id: "EmbeddingPair", additionalProperties: false },
);
export type EmbeddingPair = Static<typeof EmbeddingPair>;

/** Images whose faces are to be compared: the first's most prominent one with all of the second's. */
export const ImagePair = Type.Object(
  { image1: RequestImage, image2: RequestImage },
  { $id: "ImagePair", additionalProperties: false },
);

/** The JSON body of POST /compare-faces. */
export const CompareFacesRequest = Type.Union([EmbeddingPair, ImagePair], { $id: "CompareFacesRequest" });
export type CompareFacesRequest = Static<typeof CompareFacesRequest>;

export const CompareFacesAnswer = Type.Object(
  {
    similarity: Type.Number({ description: "(cosine + 1) / 2." }),
    cosine_similarity: Type.Number(),
    euclidean_distance: Type.Number({ description: "Of the L2-normalised vectors." }),
    match: Type.Boolean({ description: "Whether the Euclidean distance is below 1.0." }),
  },
  { $id: "CompareFacesAnswer" },
);
export type CompareFacesAnswer = Static<typeof CompareFacesAnswer>;
