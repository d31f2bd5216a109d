import { type Static, Type } from "typebox";
import { BucketName } from "./bucket.js";
import { ImageRef } from "./image-ref.js";
import { Metadata, RequestedOptions, resultTtlSeconds } from "./job.js";
import { Problem } from "./problem.js";
import { ImageResult } from "./result.js";
import { imageTasks } from "./task.js";
import { WebhookProgress, WebhookTarget } from "./webhook.js";

/** The most items of one batch. */
export const maxBatchItems = 100_000;

const Place = Type.Object(
  { bucket: BucketName, prefix: Type.String({ maxLength: 900 }) },
  { additionalProperties: false },
);

/** An item with what its caller knows it by. */
export const LabelledImage = Type.Object(
  {
    image: ImageRef,
    id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description:
          "Echoed back. Those of listed items have to differ; those of a manifest may be anything, and `index` tells its items apart.",
      }),
    ),
    metadata: Type.Optional(Metadata),
  },
  { $id: "LabelledImage", additionalProperties: false },
);
export type LabelledImage = Static<typeof LabelledImage>;

/** An item of a batch: its image, or that with a label. */
export const BatchItem = Type.Union([...ImageRef.anyOf, LabelledImage], { $id: "BatchItem" });
export type BatchItem = Static<typeof BatchItem>;

/** The items of a batch: listed, or where their list is, or where they are. */
const sources = {
  items: Type.Array(BatchItem, { minItems: 1, maxItems: 1000 }),
  manifest: Type.Object(
    {
      s3: Type.Object(
        { bucket: BucketName, key: Type.String({ minLength: 1, maxLength: 1024 }) },
        { additionalProperties: false },
      ),
    },
    {
      additionalProperties: false,
      description: "An object with one BatchItem a line, as JSON in UTF-8 (NDJSON); it may be gzip.",
    },
  ),
  prefix: Type.Object(
    { s3: Place },
    { additionalProperties: false, description: "Every object whose key begins so, in the order of keys." },
  ),
};

const batchFields = {
  task: Type.Enum(imageTasks),
  options: Type.Optional(RequestedOptions),
  priority: Type.Optional(Type.Enum(["low", "normal", "high"], { default: "low" })),
  output: Type.Optional(
    Type.Object(
      { s3: Place },
      {
        additionalProperties: false,
        description: "Where the results are written too, as NDJSON in parts of at most 512 lines.",
      },
    ),
  ),
  webhook: Type.Optional(WebhookTarget),
  metadata: Type.Optional(Metadata),
  resultTtlSeconds: Type.Optional(resultTtlSeconds),
};

export const ListedBatch = Type.Object(
  { items: sources.items, ...batchFields },
  { $id: "ListedBatch", additionalProperties: false },
);

export const ManifestBatch = Type.Object(
  { manifest: sources.manifest, ...batchFields },
  { $id: "ManifestBatch", additionalProperties: false },
);

export const PrefixBatch = Type.Object(
  { prefix: sources.prefix, ...batchFields },
  { $id: "PrefixBatch", additionalProperties: false },
);

/** The JSON body of POST /v1/batches: exactly one of `items`, `manifest` and `prefix`. */
export const BatchRequest = Type.Union([ListedBatch, ManifestBatch, PrefixBatch], { $id: "BatchRequest" });
export type BatchRequest = Static<typeof BatchRequest>;

export const batchStates = ["queued", "active", "finished", "failed", "canceled"] as const;
export type BatchState = (typeof batchStates)[number];

const Timestamp = Type.String({ format: "date-time" });

export const BatchCounts = Type.Object(
  {
    total: Type.Integer({ description: "While the batch is `queued`: as far as its items have been counted." }),
    queued: Type.Integer(),
    active: Type.Integer(),
    succeeded: Type.Integer(),
    failed: Type.Integer(),
    canceled: Type.Integer(),
  },
  { $id: "BatchCounts" },
);
export type BatchCounts = Static<typeof BatchCounts>;

export const Batch = Type.Object(
  {
    id: Type.String(),
    task: Type.Enum(imageTasks),
    state: Type.Enum(batchStates, {
      description:
        "`queued`: its items are being counted; `finished`: each has ended, in whatever way; `failed`: its items could not be read, `error` says why. A batch that cannot go on for now says why in `heldUpBy`, and is tried again.",
    }),
    counts: BatchCounts,
    progress: Type.Number({ minimum: 0, maximum: 1, description: "The share of its items that have ended." }),
    retries: Type.Optional(Type.Integer({ minimum: 1, description: "How often its failed items were tried again." })),
    output: Type.Optional(Type.Object({ s3: Type.Object({ bucket: Type.String(), prefix: Type.String() }) })),
    createdAt: Timestamp,
    finishedAt: Type.Optional(Timestamp),
    expiresAt: Type.Optional(
      Type.String({ format: "date-time", description: "When the batch and its results are forgotten." }),
    ),
    metadata: Type.Optional(Metadata),
    links: Type.Object({ self: Type.String(), results: Type.String() }),
    error: Type.Optional(Problem),
    heldUpBy: Type.Optional(Problem),
    webhook: Type.Optional(WebhookProgress),
  },
  { $id: "Batch" },
);
export type Batch = Static<typeof Batch>;

/** A page of GET /v1/batches. */
export const BatchList = Type.Object(
  {
    batches: Type.Array(Batch, { description: "Newest first." }),
    cursor: Type.Optional(Type.String({ description: "Where the next page starts. Absent on the last page." })),
  },
  { $id: "BatchList" },
);
export type BatchList = Static<typeof BatchList>;

/** One line of a batch's results. */
export const BatchLine = Type.Object(
  {
    index: Type.Integer({ minimum: 0, description: "Which item it is, from 0." }),
    id: Type.Optional(Type.String({ description: "The item's own, where it has one." })),
    image: Type.Optional(ImageRef),
    metadata: Type.Optional(Metadata),
    state: Type.Enum(["succeeded", "failed", "canceled"], {
      description: "An item of a canceled batch that was never queued has a line without image and label.",
    }),
    result: Type.Optional(ImageResult),
    error: Type.Optional(Problem),
  },
  { $id: "BatchLine" },
);
export type BatchLine = Static<typeof BatchLine>;
