/* Generated from the contracts by `npm run generate`; change them, not this file. */

/**
 * As the option `embeddingFormat` asks: numbers by default.
 */
export type Embedding = FloatEmbedding | Base64Embedding;
/**
 * 512 numbers, L2-normalised: the sum of their squares is 1.
 */
export type FloatEmbedding = number[];
/**
 * The same numbers as base64 (RFC 4648) of 2048 bytes: 512 little-endian IEEE 754 float32, in their order.
 */
export type Base64Embedding = string;
export type ImageRef = S3ImageRef | UploadImageRef | UrlImageRef;
export type BatchRequest = ListedBatch | ManifestBatch | PrefixBatch;
export type BatchItem = S3ImageRef | UploadImageRef | UrlImageRef | LabelledImage;
/**
 * `detect` finds faces; `embed` also computes their embeddings; `verify` compares the faces of two images; `match` one with many.
 */
export type Task = "detect" | "embed" | "verify" | "match";
export type JobResult = AnalysisResult | VerifyResult | MatchResult;
export type JobRequest = AnalysisRequest | VerifyRequest | MatchRequest;
export type RequestImage = S3ImageRef | UploadImageRef | UrlImageRef | InlineImage;
export type MatchSubject = S3ImageRef | UploadImageRef | UrlImageRef | InlineImage | GivenEmbedding;
export type WebhookEvent = JobEvent | BatchEvent;

export interface AnalysisResult {
  image: ImageInfo;
  faces: Face[];
  dropped: DroppedFace[];
  model: ModelInfo;
  timings: Timings;
}
export interface ImageInfo {
  /**
   * Pixels, upright.
   */
  width: number;
  /**
   * Pixels, upright.
   */
  height: number;
  /**
   * jpeg, png, webp, gif, tiff, avif or heic.
   */
  format: string;
  /**
   * The EXIF orientation that was applied; 1 where the format turns images by itself.
   */
  orientation: number;
  /**
   * Of the image's bytes.
   */
  sha256: string;
}
export interface Face {
  box: Box;
  /**
   * That the picture's border cuts the box, which reaches past it. Absent where it does not.
   */
  cut?: boolean;
  /**
   * How far the picture had to be turned, in degrees clockwise, for the face to be found. Its quality, its crop and its embedding are of the picture so turned. Absent where it was not.
   */
  turned?: 90 | 180 | 270;
  /**
   * The detector's score; 1 where nothing was looked for.
   */
  confidence: number;
  landmarks?: Landmarks;
  quality?: FaceQuality;
  embedding?: Embedding;
  /**
   * What of the image is embedded: the box with a margin, scaled to 160 x 160 pixels, as a JPEG.
   */
  crop?: string;
}
/**
 * In pixels of the upright image; `x` and `y` are its top left corner. It may reach past the image's edges: they may be negative.
 */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
/**
 * Five points of a face. Left and right are the picture's, as its viewer sees them: `leftEye` is the one further left, the person's right eye.
 */
export interface Landmarks {
  leftEye: Point;
  rightEye: Point;
  nose: Point;
  mouthLeft: Point;
  mouthRight: Point;
}
/**
 * In pixels of the upright image, from its top left corner.
 */
export interface Point {
  x: number;
  y: number;
}
export interface FaceQuality {
  /**
   * Variance of the Laplacian over the variance of luma, of the box at 64 x 64 pixels.
   */
  sharpness: number;
  /**
   * Mean luma of the box.
   */
  brightness: number;
  pose: Pose;
}
export interface Pose {
  /**
   * Above 0: the face looks to the viewer's right.
   */
  yaw: number;
  /**
   * Above 0: it looks up.
   */
  pitch: number;
  /**
   * Above 0: it is tilted clockwise, as the viewer sees it. The eye line's slope.
   */
  roll: number;
}
export interface DroppedFace {
  box: Box;
  /**
   * That the picture's border cuts the box, which reaches past it. Absent where it does not.
   */
  cut?: boolean;
  confidence: number;
  /**
   * The first that applies, in this order.
   */
  reason:
    | "low_confidence"
    | "too_small"
    | "turned_away"
    | "tilted"
    | "too_dark"
    | "too_bright"
    | "too_blurred"
    | "over_limit";
}
export interface ModelInfo {
  pack: string;
  /**
   * `mtcnn`, `yunet`, or `none` where no face was looked for.
   */
  detector: string;
  embedder: string;
  dimensions: number;
  /**
   * Of the weights and every step of preprocessing.
   */
  fingerprint: string;
}
export interface Timings {
  /**
   * From submission until a worker took the job.
   */
  queueMs: number;
  fetchMs: number;
  decodeMs: number;
  detectMs: number;
  embedMs: number;
  /**
   * Images that shared the first run of the detector with this one, itself included; 0 when the result of an earlier job was used.
   */
  batchSize: number;
}
export interface Batch {
  id: string;
  task: "detect" | "embed";
  /**
   * `queued`: its items are being counted; `finished`: each has ended, in whatever way; `failed`: its items could not be read, `error` says why. A batch that cannot go on for now says why in `heldUpBy`, and is tried again.
   */
  state: "queued" | "active" | "finished" | "failed" | "canceled";
  counts: BatchCounts;
  /**
   * The share of its items that have ended.
   */
  progress: number;
  /**
   * How often its failed items were tried again.
   */
  retries?: number;
  output?: {
    s3: {
      bucket: string;
      prefix: string;
    };
  };
  createdAt: string;
  finishedAt?: string;
  /**
   * When the batch and its results are forgotten.
   */
  expiresAt?: string;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
  links: {
    self: string;
    results: string;
  };
  error?: Problem;
  heldUpBy?: Problem;
  webhook?: WebhookProgress;
}
export interface BatchCounts {
  /**
   * While the batch is `queued`: as far as its items have been counted.
   */
  total: number;
  queued: number;
  active: number;
  succeeded: number;
  failed: number;
  canceled: number;
}
export interface Problem {
  /**
   * A URI reference for the kind of problem.
   */
  type: string;
  title: string;
  status: number;
  /**
   * The stable name of the problem.
   */
  code:
    | "invalid_request"
    | "malformed_json"
    | "missing_image"
    | "empty_image"
    | "invalid_embedding"
    | "no_face_detected"
    | "unauthorized"
    | "tenant_suspended"
    | "bucket_forbidden"
    | "url_forbidden"
    | "host_forbidden"
    | "site_forbidden"
    | "upload_url_invalid"
    | "job_not_found"
    | "batch_not_found"
    | "image_not_found"
    | "upload_not_found"
    | "route_not_found"
    | "method_not_allowed"
    | "request_timeout"
    | "idempotency_conflict"
    | "job_canceled"
    | "job_not_failed"
    | "job_not_repeatable"
    | "batch_not_repeatable"
    | "webhook_absent"
    | "body_too_large"
    | "image_too_large"
    | "unsupported_media_type"
    | "unsupported_content_encoding"
    | "unsupported_image_format"
    | "image_undecodable"
    | "fingerprint_mismatch"
    | "batch_too_large"
    | "batch_source_invalid"
    | "too_many_jobs"
    | "too_many_batches"
    | "too_much_kept"
    | "too_much_stored"
    | "too_many_uploads"
    | "too_many_waits"
    | "too_many_downloads"
    | "rate_limited"
    | "headers_too_large"
    | "internal_error"
    | "inference_failed"
    | "job_timeout"
    | "worker_lost"
    | "image_unreachable"
    | "queue_unavailable"
    | "submission_unconfirmed"
    | "store_unavailable"
    | "shutting_down"
    | "sync_timeout";
  /**
   * What was expected and what came.
   */
  detail?: string;
  /**
   * Whether the same request may succeed later, unchanged.
   */
  retryable: boolean;
  /**
   * Each fault of an invalid request.
   */
  errors?: {
    path: string;
    message: string;
  }[];
  /**
   * The job's URL, where the job goes on.
   */
  job?: string;
  /**
   * What to send as `Idempotency-Key` with the same request, to have it done once.
   */
  idempotencyKey?: string;
  requestId?: string;
}
export interface WebhookProgress {
  /**
   * `waiting` for the end; `pending`: to be sent, or sent again; `failed`: given up; `disabled`: the receiver answered 410.
   */
  state: "waiting" | "pending" | "delivered" | "failed" | "disabled";
  /**
   * How often it has been sent.
   */
  attempts: number;
}
export interface BatchLine {
  /**
   * Which item it is, from 0.
   */
  index: number;
  /**
   * The item's own, where it has one.
   */
  id?: string;
  image?: ImageRef;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
  /**
   * An item of a canceled batch that was never queued has a line without image and label.
   */
  state: "succeeded" | "failed" | "canceled";
  result?: AnalysisResult;
  error?: Problem;
}
export interface S3ImageRef {
  s3: {
    bucket: string;
    key: string;
    versionId?: string;
  };
}
export interface UploadImageRef {
  /**
   * The upload's id.
   */
  upload: string;
}
export interface UrlImageRef {
  url: string;
}
export interface BatchList {
  /**
   * Newest first.
   */
  batches: Batch[];
  /**
   * Where the next page starts. Absent on the last page.
   */
  cursor?: string;
}
export interface ListedBatch {
  items: BatchItem[];
  task: "detect" | "embed";
  options?: JobOptions;
  priority?: "low" | "normal" | "high";
  /**
   * Where the results are written too, as NDJSON in parts of at most 512 lines.
   */
  output?: {
    s3: {
      bucket: string;
      prefix: string;
    };
  };
  webhook?: WebhookTarget;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
  /**
   * How long the result is kept after the end.
   */
  resultTtlSeconds?: number;
}
export interface LabelledImage {
  image: ImageRef;
  /**
   * Echoed back. Those of listed items have to differ; those of a manifest may be anything, and `index` tells its items apart.
   */
  id?: string;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
}
/**
 * All of them may be left out.
 */
export interface JobOptions {
  /**
   * What finds faces: `yunet` takes less of a CPU than `mtcnn`. Embeddings of the two have different fingerprints. By default what the fleet is set to, `mtcnn` unless told.
   */
  detector?: "mtcnn" | "yunet";
  /**
   * Smallest face, in pixels.
   */
  minFaceSize?: number;
  /**
   * Faces below are dropped. By default 0.9 with `mtcnn`, 0.7 with `yunet`.
   */
  minConfidence?: number;
  /**
   * Faces past it are dropped.
   */
  maxFaces?: number;
  /**
   * Which face comes first, and so which ones `maxFaces` keeps. `prominence`: the largest area less twice the squared distance of its centre from the image's; `confidence`: the detector's; `left-to-right`: by the box's left edge.
   */
  order?: "prominence" | "confidence" | "left-to-right";
  /**
   * Whether faces carry their landmarks.
   */
  landmarks?: boolean;
  /**
   * Whether faces carry their crop.
   */
  crops?: boolean;
  /**
   * Whether faces carry their sharpness, brightness and pose.
   */
  quality?: boolean;
  /**
   * How faces are embedded. `high` also embeds each face turned upright by its landmarks, at twice the cost. The kinds cannot be compared with each other: they have different fingerprints.
   */
  embedding?: "standard" | "high";
  /**
   * How embeddings are written: as numbers, or as base64 of little-endian float32, a third as long.
   */
  embeddingFormat?: "float" | "base64";
  /**
   * `none`: no face is looked for; the whole picture is the crop of one, as of a detector of your own. Its embeddings have a fingerprint of their own. Neither `high` embeddings, `orientations`, nor limits of faces go with it, nor the task `detect`.
   */
  detection?: "faces" | "none";
  /**
   * How far the picture is turned, in degrees clockwise, for faces to be looked for: one after the other, until one is found that stands, and that no limit leaves out. Boxes and landmarks are in pixels of the picture as it came, and such a face says in `turned` how far.
   */
  orientations?: (0 | 90 | 180 | 270)[];
  /**
   * Shorter side of a face's box, in pixels; `too_small`.
   */
  minBoxSize?: number;
  /**
   * Degrees to either side; `turned_away`.
   */
  maxYaw?: number;
  /**
   * Degrees up or down; `turned_away`.
   */
  maxPitch?: number;
  /**
   * Degrees either way; `tilted`.
   */
  maxRoll?: number;
  /**
   * `too_dark`.
   */
  minBrightness?: number;
  /**
   * `too_bright`.
   */
  maxBrightness?: number;
  /**
   * `too_blurred`.
   */
  minSharpness?: number;
}
/**
 * Where the end is announced.
 */
export interface WebhookTarget {
  url: string;
}
export interface ManifestBatch {
  /**
   * An object with one BatchItem a line, as JSON in UTF-8 (NDJSON); it may be gzip.
   */
  manifest: {
    s3: {
      bucket: string;
      key: string;
    };
  };
  task: "detect" | "embed";
  options?: JobOptions;
  priority?: "low" | "normal" | "high";
  /**
   * Where the results are written too, as NDJSON in parts of at most 512 lines.
   */
  output?: {
    s3: {
      bucket: string;
      prefix: string;
    };
  };
  webhook?: WebhookTarget;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
  /**
   * How long the result is kept after the end.
   */
  resultTtlSeconds?: number;
}
export interface PrefixBatch {
  /**
   * Every object whose key begins so, in the order of keys.
   */
  prefix: {
    s3: {
      bucket: string;
      prefix: string;
    };
  };
  task: "detect" | "embed";
  options?: JobOptions;
  priority?: "low" | "normal" | "high";
  /**
   * Where the results are written too, as NDJSON in parts of at most 512 lines.
   */
  output?: {
    s3: {
      bucket: string;
      prefix: string;
    };
  };
  webhook?: WebhookTarget;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
  /**
   * How long the result is kept after the end.
   */
  resultTtlSeconds?: number;
}
export interface FleetAnswer {
  workers: FleetWorker[];
  /**
   * Jobs that wait for a worker, by priority.
   */
  waiting: {
    interactive: {
      jobs: number;
      /**
       * How long ago the job was submitted that is next; 0 when none waits.
       */
      oldestSeconds: number;
    };
    high: {
      jobs: number;
      /**
       * How long ago the job was submitted that is next; 0 when none waits.
       */
      oldestSeconds: number;
    };
    normal: {
      jobs: number;
      /**
       * How long ago the job was submitted that is next; 0 when none waits.
       */
      oldestSeconds: number;
    };
    low: {
      jobs: number;
      /**
       * How long ago the job was submitted that is next; 0 when none waits.
       */
      oldestSeconds: number;
    };
  };
  /**
   * Whether somebody has paused the queue: no worker takes a job.
   */
  paused: boolean;
  /**
   * Jobs in the hands of workers.
   */
  active: number;
  /**
   * Jobs that wait for their next attempt.
   */
  delayed: number;
  /**
   * Batches that have not ended.
   */
  batches: number;
  /**
   * Webhooks that are to be sent, those that wait for their next attempt included.
   */
  undelivered: {
    events: number;
    /**
     * How long ago the first of them happened; 0 when there is none.
     */
    oldestSeconds: number;
  };
}
export interface FleetWorker {
  id: string;
  /**
   * onnx-cpu, tfjs-wasm, ...
   */
  engine: string;
  /**
   * The device that the engine really got.
   */
  device: string;
  /**
   * What FaceNet is computed by: `int8`, or `int8-widened` or `float32` where kernels for 8 bits would overflow or are not to be had. The embeddings are the same.
   */
  arithmetic?: string;
  model: ModelInfo;
  startedAt: string;
  load: WorkerLoad;
}
export interface WorkerLoad {
  jobsInFlight: number;
  /**
   * Jobs that it ended within the last minute.
   */
  jobsPerMinute: number;
}
export interface Job {
  id: string;
  task: Task;
  state: "queued" | "active" | "succeeded" | "failed" | "canceled";
  progress?: {
    stage: string;
  };
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  /**
   * When the job and its result are forgotten.
   */
  expiresAt?: string;
  attempts: number;
  metadata?: {
    [k: string]: string;
  };
  links: {
    self: string;
    events: string;
  };
  result?: JobResult;
  error?: Problem;
  webhook?: WebhookProgress;
}
export interface VerifyResult {
  match: boolean;
  /**
   * (cosine + 1) / 2.
   */
  similarity: number;
  cosineSimilarity: number;
  euclideanDistance: number;
  /**
   * Distances below it match.
   */
  threshold: number;
  /**
   * `uncertain` within the band of distances that both the same and different people reach.
   */
  decision: "match" | "no_match" | "uncertain";
  /**
   * Distances below `from` are a `match`, from `to` on a `no_match`.
   */
  uncertainBand: {
    from: number;
    to: number;
  };
  /**
   * The first face of the first image, by `order`, and the face of the second that is nearest to it.
   */
  faces: Face[];
  /**
   * How many faces each image has that no limit but `maxFaces` leaves out.
   */
  faceCounts?: number[];
  /**
   * The other faces of the second image, up to `maxFaces`, the nearest first; without embeddings.
   */
  candidates?: Candidate[];
  model: ModelInfo;
}
export interface Candidate {
  match: boolean;
  /**
   * (cosine + 1) / 2.
   */
  similarity: number;
  cosineSimilarity: number;
  euclideanDistance: number;
  /**
   * `uncertain` within the band of distances that both the same and different people reach.
   */
  decision: "match" | "no_match" | "uncertain";
  face: Face;
}
export interface MatchResult {
  /**
   * Of an image the first face, by `order`, which the gallery is compared with.
   */
  probe: {
    face?: Face;
    /**
     * How many faces the image has that no limit but `maxFaces` leaves out.
     */
    faceCount?: number;
  };
  /**
   * The nearest first. Of an image with its nearest face, without that one's embedding.
   */
  matches: GalleryMatch[];
  /**
   * Images of the gallery that have no face, or could not be had or read.
   */
  failed: {
    index: number;
    error: Problem;
  }[];
  /**
   * Distances below it match.
   */
  threshold: number;
  /**
   * Distances below `from` are a `match`, from `to` on a `no_match`.
   */
  uncertainBand: {
    from: number;
    to: number;
  };
  model: ModelInfo;
}
export interface GalleryMatch {
  /**
   * Which of the gallery it is, from 0.
   */
  index: number;
  match: boolean;
  /**
   * (cosine + 1) / 2.
   */
  similarity: number;
  cosineSimilarity: number;
  euclideanDistance: number;
  /**
   * `uncertain` within the band of distances that both the same and different people reach.
   */
  decision: "match" | "no_match" | "uncertain";
  face?: Face;
  /**
   * How many faces the image has that no limit but `maxFaces` leaves out.
   */
  faceCount?: number;
}
export interface JobList {
  /**
   * Newest first. Without their results: look a job up to get its result.
   */
  jobs: Job[];
  /**
   * Where the next page starts. Absent on the last page.
   */
  cursor?: string;
}
export interface AnalysisRequest {
  task: "detect" | "embed";
  image: RequestImage;
  options?: JobOptions;
  priority?: "low" | "normal" | "high";
  webhook?: WebhookTarget;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
  /**
   * How long the result is kept after the end.
   */
  resultTtlSeconds?: number;
}
export interface InlineImage {
  /**
   * The image's bytes in base64, or a data URL of them, whose media type says nothing here. They may be as many as of an upload.
   */
  data: string;
}
/**
 * Whether the first face of the first image, by `order`, is among the faces of the second.
 */
export interface VerifyRequest {
  task: "verify";
  images: RequestImage[];
  options?: JobOptions;
  priority?: "low" | "normal" | "high";
  webhook?: WebhookTarget;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
  /**
   * How long the result is kept after the end.
   */
  resultTtlSeconds?: number;
}
export interface MatchRequest {
  task: "match";
  probe: MatchSubject;
  gallery: MatchSubject[];
  options?: JobOptions;
  priority?: "low" | "normal" | "high";
  webhook?: WebhookTarget;
  /**
   * Echoed back.
   */
  metadata?: {
    [k: string]: string;
  };
  /**
   * How long the result is kept after the end.
   */
  resultTtlSeconds?: number;
}
/**
 * Its fingerprint, where it is given, must be that of the embeddings that the job makes.
 */
export interface GivenEmbedding {
  embedding: Embedding;
  /**
   * Of the model that made the embedding. Two different ones are refused.
   */
  fingerprint?: string;
}
export interface ModelsAnswer {
  workers: WorkerInfo[];
}
export interface WorkerInfo {
  id: string;
  /**
   * onnx-cpu, tfjs-wasm, ...
   */
  engine: string;
  /**
   * The device that the engine really got.
   */
  device: string;
  /**
   * What FaceNet is computed by: `int8`, or `int8-widened` or `float32` where kernels for 8 bits would overflow or are not to be had. The embeddings are the same.
   */
  arithmetic?: string;
  model: ModelInfo;
  startedAt: string;
}
export interface Upload {
  id: string;
  url: string;
  method: "PUT";
  headers: {
    [k: string]: string;
  };
  expiresAt: string;
}
export interface UploadRequest {
  contentType:
    "image/jpeg" | "image/png" | "image/webp" | "image/gif" | "image/tiff" | "image/avif" | "image/heic" | "image/heif";
  /**
   * Bytes that will be sent.
   */
  size: number;
}
export interface WebhookAttempts {
  /**
   * The event's `webhook-id`, the same in each attempt. Absent before the end.
   */
  id?: string;
  /**
   * `waiting` for the end; `pending`: to be sent, or sent again; `failed`: given up; `disabled`: the receiver answered 410.
   */
  state: "waiting" | "pending" | "delivered" | "failed" | "disabled";
  /**
   * Oldest first; the last 100.
   */
  attempts: WebhookAttempt[];
}
export interface WebhookAttempt {
  at: string;
  durationMs: number;
  /**
   * `delivered`: answered 2xx; `redirected`: 3xx, which is not followed; `gone`: 410, nothing more is sent there; `refused`: another status; `timeout`: no whole answer in time; `unreachable`: no such host, no connection, or one that broke; `forbidden`: the host is at an address that may not be connected to.
   */
  outcome: "delivered" | "refused" | "redirected" | "gone" | "timeout" | "unreachable" | "forbidden";
  /**
   * Why it was not delivered. `dns`: its host's name leads nowhere; `refused`: the connection; `no_route`: there is no way to the host; `tls`: a certificate or a handshake that cannot be trusted; `closed`: the connection, before the answer; `timeout`; `malformed`: the answer is not HTTP; `forbidden`: as the outcome; `status`: the answer's.
   */
  cause?: "dns" | "refused" | "no_route" | "tls" | "closed" | "timeout" | "malformed" | "forbidden" | "status";
  /**
   * What the receiver answered.
   */
  status?: number;
  /**
   * When it was to be sent again, not before.
   */
  nextAttemptAt?: string;
}
export interface JobEvent {
  type: "job.succeeded" | "job.failed" | "job.canceled";
  /**
   * When it ended.
   */
  timestamp: string;
  data: JobSummary;
}
export interface JobSummary {
  id: string;
  task: Task;
  state: "succeeded" | "failed" | "canceled";
  /**
   * How many faces the result has; of a match, how many of its gallery were compared.
   */
  faces: number;
  metadata?: {
    [k: string]: string;
  };
  links: {
    /**
     * Where the result is.
     */
    self: string;
    events: string;
  };
}
export interface BatchEvent {
  type: "batch.finished";
  /**
   * When it ended.
   */
  timestamp: string;
  data: BatchSummary;
}
export interface BatchSummary {
  id: string;
  task: "detect" | "embed";
  state: "finished" | "failed" | "canceled";
  counts: BatchCounts;
  metadata?: {
    [k: string]: string;
  };
  links: {
    /**
     * Where the batch is.
     */
    self: string;
    results: string;
  };
}
export interface WebhookSecret {
  /**
   * What the tenant's events are signed with: `whsec_`, then base64.
   */
  secret: string;
  createdAt: string;
  /**
   * Until when the secret before this one signs as well.
   */
  previousUntil?: string;
}
