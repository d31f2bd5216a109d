import { type Static, Type } from "typebox";
import { detectorCatalogue, detectorNames, usualDetector } from "./detector.js";
import { Embedding, Fingerprint } from "./face.js";
import { RequestImage, UploadId } from "./image-ref.js";
import { Problem } from "./problem.js";
import { JobResult } from "./result.js";
import { formTasks, imageTasks, Task } from "./task.js";
import { WebhookProgress, WebhookTarget } from "./webhook.js";

/** How far a picture may be turned for its faces to be found, in degrees clockwise. */
export const turns = [0, 90, 180, 270] as const;

/** Limits of what `quality` measures. Each is looked at only when it is set, whether `quality` is wanted or not. */
export const faceFilters = {
  minBoxSize: Type.Optional(
    Type.Number({ minimum: 0, maximum: 2000, description: "Shorter side of a face's box, in pixels; `too_small`." }),
  ),
  maxYaw: Type.Optional(
    Type.Number({ minimum: 0, maximum: 180, description: "Degrees to either side; `turned_away`." }),
  ),
  maxPitch: Type.Optional(Type.Number({ minimum: 0, maximum: 180, description: "Degrees up or down; `turned_away`." })),
  maxRoll: Type.Optional(Type.Number({ minimum: 0, maximum: 180, description: "Degrees either way; `tilted`." })),
  minBrightness: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: "`too_dark`." })),
  maxBrightness: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: "`too_bright`." })),
  minSharpness: Type.Optional(Type.Number({ minimum: 0, maximum: 64, description: "`too_blurred`." })),
};

export const JobOptions = Type.Object(
  {
    detector: Type.Enum(detectorNames, {
      default: usualDetector,
      description:
        "What finds faces: `yunet` takes less of a CPU than `mtcnn`. Embeddings of the two have different fingerprints. By default what the fleet is set to, `mtcnn` unless told.",
    }),
    minFaceSize: Type.Integer({ minimum: 12, maximum: 2000, default: 20, description: "Smallest face, in pixels." }),
    minConfidence: Type.Number({
      minimum: 0,
      maximum: 1,
      default: detectorCatalogue[usualDetector].minConfidence,
      description: `Faces below are dropped. By default ${Object.entries(detectorCatalogue)
        .map(([detector, { minConfidence }]) => `${minConfidence} with \`${detector}\``)
        .join(", ")}.`,
    }),
    maxFaces: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "Faces past it are dropped." }),
    order: Type.Enum(["prominence", "confidence", "left-to-right"], {
      default: "prominence",
      description:
        "Which face comes first, and so which ones `maxFaces` keeps. `prominence`: the largest area less twice the squared distance of its centre from the image's; `confidence`: the detector's; `left-to-right`: by the box's left edge.",
    }),
    landmarks: Type.Boolean({ default: true, description: "Whether faces carry their landmarks." }),
    crops: Type.Boolean({ default: false, description: "Whether faces carry their crop." }),
    quality: Type.Boolean({ default: true, description: "Whether faces carry their sharpness, brightness and pose." }),
    embedding: Type.Enum(["standard", "high"], {
      default: "standard",
      description:
        "How faces are embedded. `high` also embeds each face turned upright by its landmarks, at twice the cost. The kinds cannot be compared with each other: they have different fingerprints.",
    }),
    embeddingFormat: Type.Enum(["float", "base64"], {
      default: "float",
      description: "How embeddings are written: as numbers, or as base64 of little-endian float32, a third as long.",
    }),
    detection: Type.Enum(["faces", "none"], {
      default: "faces",
      description:
        "`none`: no face is looked for; the whole picture is the crop of one, as of a detector of your own. Its embeddings have a fingerprint of their own. Neither `high` embeddings, `orientations`, nor limits of faces go with it, nor the task `detect`.",
    }),
    orientations: Type.Array(Type.Enum(turns), {
      minItems: 1,
      maxItems: 4,
      default: [0],
      description:
        "How far the picture is turned, in degrees clockwise, for faces to be looked for: one after the other, until one is found that stands, and that no limit leaves out. Boxes and landmarks are in pixels of the picture as it came, and such a face says in `turned` how far.",
    }),
    ...faceFilters,
  },
  { additionalProperties: false },
);
export type JobOptions = Static<typeof JobOptions>;

/** What a caller says of them. */
export const RequestedOptions = Type.Partial(JobOptions, {
  $id: "JobOptions",
  additionalProperties: false,
  description: "All of them may be left out.",
});

/** A caller's own words. */
export const Metadata = Type.Record(Type.String({ pattern: "^[\\s\\S]{1,64}$" }), Type.String({ maxLength: 512 }), {
  additionalProperties: false,
  maxProperties: 16,
  description: "Echoed back.",
});

export const resultTtlSeconds = Type.Integer({
  minimum: 60,
  maximum: 604_800,
  description: "How long the result is kept after the end.",
});

const jobFields = {
  options: Type.Optional(RequestedOptions),
  priority: Type.Optional(Type.Enum(["low", "normal", "high"], { default: "normal" })),
  webhook: Type.Optional(WebhookTarget),
  metadata: Type.Optional(Metadata),
  resultTtlSeconds: Type.Optional(resultTtlSeconds),
};

/** The most that one job compares with its probe. */
export const maxGallery = 100;

/** An embedding that is known already. */
export const GivenEmbedding = Type.Object(
  { embedding: Embedding, fingerprint: Type.Optional(Fingerprint) },
  {
    $id: "GivenEmbedding",
    additionalProperties: false,
    description: "Its fingerprint, where it is given, must be that of the embeddings that the job makes.",
  },
);
export type GivenEmbedding = Static<typeof GivenEmbedding>;

/** What a match compares: an image, whose faces are looked for, or an embedding. */
export const MatchSubject = Type.Union([...RequestImage.anyOf, GivenEmbedding], { $id: "MatchSubject" });
export type MatchSubject = Static<typeof MatchSubject>;

/** What is stored of the embeddings that a match was given: base64 of their little-endian float32 bytes. */
export const GivenEmbeddings = Type.Array(
  Type.Object({ embedding: Type.String(), fingerprint: Type.Optional(Type.String()) }),
);
export type GivenEmbeddings = Static<typeof GivenEmbeddings>;

/** Where they are, and their places among all that a match compares, of which the probe is the first. */
export const GivenPlaces = Type.Object({ upload: UploadId, places: Type.Array(Type.Integer({ minimum: 0 })) });
export type GivenPlaces = Static<typeof GivenPlaces>;

/** A job about one image. */
export const AnalysisRequest = Type.Object(
  { task: Type.Enum(imageTasks), image: RequestImage, ...jobFields },
  { $id: "AnalysisRequest", additionalProperties: false },
);

/** A job about two. */
export const VerifyRequest = Type.Object(
  { task: Type.Literal("verify"), images: Type.Array(RequestImage, { minItems: 2, maxItems: 2 }), ...jobFields },
  {
    $id: "VerifyRequest",
    additionalProperties: false,
    description: "Whether the first face of the first image, by `order`, is among the faces of the second.",
  },
);

/** A job about one and many. */
export const MatchRequest = Type.Object(
  {
    task: Type.Literal("match"),
    probe: MatchSubject,
    gallery: Type.Array(MatchSubject, { minItems: 1, maxItems: maxGallery }),
    ...jobFields,
  },
  { $id: "MatchRequest", additionalProperties: false },
);

/** The JSON body of POST /v1/jobs. */
export const JobRequest = Type.Union([AnalysisRequest, VerifyRequest, MatchRequest], { $id: "JobRequest" });
export type JobRequest = Static<typeof JobRequest>;

/** The `job` part of a multipart POST /v1/jobs: a JobRequest without its image. */
export const MultipartJob = Type.Object({ task: Type.Enum(imageTasks), ...jobFields }, { additionalProperties: false });
export type MultipartJob = Static<typeof MultipartJob>;

/** The same of a job about two images, which are sent along as `image1` and `image2`. */
export const MultipartVerify = Type.Object(
  { task: Type.Literal("verify"), ...jobFields },
  { additionalProperties: false },
);
export type MultipartVerify = Static<typeof MultipartVerify>;

/** Either of them, as it is described: which one it has to be, the images say. */
export const JobPart = Type.Object(
  { task: Type.Enum(formTasks), ...jobFields },
  { $id: "JobPart", additionalProperties: false, description: "A JobRequest without its images, as JSON." },
);

export const jobStates = ["queued", "active", "succeeded", "failed", "canceled"] as const;
export type JobState = (typeof jobStates)[number];

const Timestamp = Type.String({ format: "date-time" });

export const Job = Type.Object(
  {
    id: Type.String(),
    task: Task,
    state: Type.Enum(jobStates),
    progress: Type.Optional(Type.Object({ stage: Type.String() })),
    createdAt: Timestamp,
    startedAt: Type.Optional(Timestamp),
    finishedAt: Type.Optional(Timestamp),
    expiresAt: Type.Optional(
      Type.String({ format: "date-time", description: "When the job and its result are forgotten." }),
    ),
    attempts: Type.Integer({ minimum: 0 }),
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
    links: Type.Object({ self: Type.String(), events: Type.String() }),
    result: Type.Optional(JobResult),
    error: Type.Optional(Problem),
    webhook: Type.Optional(WebhookProgress),
  },
  { $id: "Job" },
);
export type Job = Static<typeof Job>;

/** A page of GET /v1/jobs. */
export const JobList = Type.Object(
  {
    jobs: Type.Array(Job, { description: "Newest first. Without their results: look a job up to get its result." }),
    cursor: Type.Optional(Type.String({ description: "Where the next page starts. Absent on the last page." })),
  },
  { $id: "JobList" },
);
export type JobList = Static<typeof JobList>;
