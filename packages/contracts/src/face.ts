import { type Static, Type } from "typebox";
import { detectorNames } from "./detector.js";

/** A point in pixels of the upright image, from its top left corner. */
export const Point = Type.Object(
  { x: Type.Number(), y: Type.Number() },
  { $id: "Point", description: "In pixels of the upright image, from its top left corner." },
);
export type Point = Static<typeof Point>;

/** A rectangle in pixels of the upright image. It may reach past the image's edges. */
export const Box = Type.Object(
  { x: Type.Number(), y: Type.Number(), width: Type.Number(), height: Type.Number() },
  {
    $id: "Box",
    description:
      "In pixels of the upright image; `x` and `y` are its top left corner. It may reach past the image's edges: they may be negative.",
  },
);
export type Box = Static<typeof Box>;

/** The five points of MTCNN. Left and right are the viewer's, who sees the face as it was found. */
export const Landmarks = Type.Object(
  { leftEye: Point, rightEye: Point, nose: Point, mouthLeft: Point, mouthRight: Point },
  {
    $id: "Landmarks",
    description:
      "Five points of a face. Left and right are the picture's, as its viewer sees them: `leftEye` is the one further left, the person's right eye.",
  },
);
export type Landmarks = Static<typeof Landmarks>;

export const FloatEmbedding = Type.Array(Type.Number(), {
  $id: "FloatEmbedding",
  description: "512 numbers, L2-normalised: the sum of their squares is 1.",
});

export const Base64Embedding = Type.String({
  $id: "Base64Embedding",
  contentEncoding: "base64",
  description:
    "The same numbers as base64 (RFC 4648) of 2048 bytes: 512 little-endian IEEE 754 float32, in their order.",
});

/** An L2-normalised embedding: 512 numbers, or the base64 of their little-endian float32 bytes. */
export const Embedding = Type.Union([FloatEmbedding, Base64Embedding], {
  $id: "Embedding",
  description: "As the option `embeddingFormat` asks: numbers by default.",
});
export type Embedding = Static<typeof Embedding>;

/** How a head is turned, in degrees: estimated from the landmarks. All 0: upright and straight ahead. */
export const Pose = Type.Object(
  {
    yaw: Type.Number({ description: "Above 0: the face looks to the viewer's right." }),
    pitch: Type.Number({ description: "Above 0: it looks up." }),
    roll: Type.Number({ description: "Above 0: it is tilted clockwise, as the viewer sees it. The eye line's slope." }),
  },
  { $id: "Pose" },
);
export type Pose = Static<typeof Pose>;

/** How fit a face is to be recognised. What the numbers mean and how to choose limits: docs/quality.md. */
export const FaceQuality = Type.Object(
  {
    sharpness: Type.Number({
      minimum: 0,
      maximum: 64,
      description: "Variance of the Laplacian over the variance of luma, of the box at 64 x 64 pixels.",
    }),
    brightness: Type.Number({ minimum: 0, maximum: 1, description: "Mean luma of the box." }),
    pose: Pose,
  },
  { $id: "FaceQuality" },
);
export type FaceQuality = Static<typeof FaceQuality>;

const cut = Type.Optional(
  Type.Boolean({
    description: "That the picture's border cuts the box, which reaches past it. Absent where it does not.",
  }),
);

export const Face = Type.Object(
  {
    box: Box,
    cut,
    turned: Type.Optional(
      Type.Enum([90, 180, 270], {
        description:
          "How far the picture had to be turned, in degrees clockwise, for the face to be found. Its quality, its crop and its embedding are of the picture so turned. Absent where it was not.",
      }),
    ),
    confidence: Type.Number({
      minimum: 0,
      maximum: 1,
      description: "The detector's score; 1 where nothing was looked for.",
    }),
    landmarks: Type.Optional(Landmarks),
    quality: Type.Optional(FaceQuality),
    embedding: Type.Optional(Embedding),
    crop: Type.Optional(
      Type.String({
        contentEncoding: "base64",
        contentMediaType: "image/jpeg",
        description: "What of the image is embedded: the box with a margin, scaled to 160 x 160 pixels, as a JPEG.",
      }),
    ),
  },
  { $id: "Face" },
);
export type Face = Static<typeof Face>;

/** Why a face is left out, in the order in which the reasons are looked at: the first that applies is given. */
export const dropReasons = [
  "low_confidence",
  "too_small",
  "turned_away",
  "tilted",
  "too_dark",
  "too_bright",
  "too_blurred",
  "over_limit",
] as const;
export type DropReason = (typeof dropReasons)[number];

/** A face that was found but left out of `faces`, and why. */
export const DroppedFace = Type.Object(
  {
    box: Box,
    cut,
    confidence: Type.Number({ minimum: 0, maximum: 1 }),
    reason: Type.Enum(dropReasons, { description: "The first that applies, in this order." }),
  },
  { $id: "DroppedFace" },
);
export type DroppedFace = Static<typeof DroppedFace>;

export const ImageInfo = Type.Object(
  {
    width: Type.Integer({ description: "Pixels, upright." }),
    height: Type.Integer({ description: "Pixels, upright." }),
    format: Type.String({ description: "jpeg, png, webp, gif, tiff, avif or heic." }),
    orientation: Type.Integer({
      minimum: 1,
      maximum: 8,
      description: "The EXIF orientation that was applied; 1 where the format turns images by itself.",
    }),
    sha256: Type.String({ description: "Of the image's bytes." }),
  },
  { $id: "ImageInfo" },
);
export type ImageInfo = Static<typeof ImageInfo>;

export const Fingerprint = Type.String({
  minLength: 1,
  maxLength: 128,
  description: "Of the model that made the embedding. Two different ones are refused.",
});

/** Which models made a result. Embeddings may be compared only within one fingerprint. */
export const ModelInfo = Type.Object(
  {
    pack: Type.String(),
    detector: Type.String({
      description: `${detectorNames.map((name) => `\`${name}\``).join(", ")}, or \`none\` where no face was looked for.`,
    }),
    embedder: Type.String(),
    dimensions: Type.Integer(),
    fingerprint: Type.String({ description: "Of the weights and every step of preprocessing." }),
  },
  { $id: "ModelInfo" },
);
export type ModelInfo = Static<typeof ModelInfo>;
