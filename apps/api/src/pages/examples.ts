import { embeddingDimensions, simpleModelName } from "@facefleet/contracts";
import { examplePicture } from "./example-picture.js";

/**
 * Requests that work as they stand, wherever the service runs: with the picture in them, and nothing that may be left
 * out. By operation and media type.
 */
export const requestExamples: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  analyseImage: { "application/json": { image: { data: examplePicture } } },
  detectFace: { "application/json": { image: { data: examplePicture } } },
  extractEmbedding: { "application/json": { image: { data: examplePicture } } },
  compareFaces: { "application/json": { image1: { data: examplePicture }, image2: { data: examplePicture } } },
  submitJob: { "application/json": { task: "embed", image: { data: examplePicture } } },
  submitBatch: {
    "application/json": { task: "detect", items: [{ url: "https://example.com/party.jpg" }] },
  },
  createUpload: { "application/json": { contentType: "image/webp", size: 2216 } },
};

const jobId = "j0190a6b4c2d84e5f9a7b3c1d2e4f6a8b";
const batchId = "b0190a6b4c2d84e5f9a7b3c1d2e4f6a8b";
const uploadId = "0190a6b4c2d84e5f9a7b3c1d2e4f6a8b";
const [earlier, later] = ["2026-01-01T12:00:00.000Z", "2026-01-01T12:00:00.250Z"];

/** Where each kind of address is asked, whose parameter is named so. */
export const idExamples: Readonly<Record<string, string>> = { jobs: jobId, batches: batchId };

/** Of length 1, as an embedding is. */
const embedding = new Array<number>(embeddingDimensions).fill(Number(Math.sqrt(1 / embeddingDimensions).toFixed(5)));
const packedEmbedding = Buffer.from(new Float32Array(embedding).buffer).toString("base64");

const box = { x: 44.4, y: 61, width: 71.3, height: 95 };
const model = {
  pack: "facenet-20180402-114759-int8",
  detector: "mtcnn",
  embedder: "facenet-20180402-114759",
  dimensions: embeddingDimensions,
  fingerprint: "1f3a7c0b5d2e4f68",
};
const face = { box, confidence: 0.9997 };
const landmarks = {
  leftEye: { x: 61.2, y: 98.4 },
  rightEye: { x: 97.9, y: 98.1 },
  nose: { x: 79.6, y: 118.3 },
  mouthLeft: { x: 64.8, y: 133.5 },
  mouthRight: { x: 94.7, y: 133.2 },
};
const quality = { sharpness: 0.21, brightness: 0.46, pose: { yaw: -1.2, pitch: 4.3, roll: -0.5 } };
const counts = { total: 2, queued: 0, active: 0, succeeded: 2, failed: 0, canceled: 0 };
const jobLinks = { self: `/v1/jobs/${jobId}`, events: `/v1/jobs/${jobId}/events` };
const batchLinks = { self: `/v1/batches/${batchId}`, results: `/v1/batches/${batchId}/results` };
const analysis = {
  image: { width: 160, height: 213, format: "webp", orientation: 1, sha256: "9f86d0".padEnd(64, "0") },
  faces: [face],
  dropped: [],
  model,
  timings: { queueMs: 1.2, fetchMs: 0.4, decodeMs: 2.1, detectMs: 18, embedMs: 0, batchSize: 1 },
};
const job = {
  id: jobId,
  task: "detect",
  state: "succeeded",
  createdAt: earlier,
  startedAt: earlier,
  finishedAt: later,
  attempts: 1,
  links: jobLinks,
  result: analysis,
};
const queuedJob = { id: jobId, task: "detect", state: "queued", createdAt: earlier, attempts: 0, links: jobLinks };
const problem = {
  type: "/docs/errors#job_not_found",
  title: "There is no such job",
  status: 404,
  code: "job_not_found",
  retryable: false,
};
const batch = {
  id: batchId,
  task: "detect",
  state: "finished",
  counts,
  progress: 1,
  createdAt: earlier,
  finishedAt: later,
  links: batchLinks,
};
const jobSummary = { id: jobId, task: "detect", state: "succeeded", faces: 1, links: jobLinks };
const batchSummary = { id: batchId, task: "detect", state: "finished", counts, links: batchLinks };
const jobEvent = { type: "job.succeeded", timestamp: later, data: jobSummary };
const batchEvent = { type: "batch.finished", timestamp: later, data: batchSummary };
const image = { data: examplePicture };
const s3Image = { s3: { bucket: "photos", key: "party.jpg" } };
const given = { embedding: packedEmbedding };
const matchRequest = { task: "match", probe: image, gallery: [image] };
const nearest = { match: true, similarity: 1, cosineSimilarity: 1, euclideanDistance: 0, decision: "match" };
const uncertainBand = { from: 1, to: 1.1 };
const attempt = { at: later, durationMs: 120, outcome: "delivered", status: 204 };
const worker = { id: "host-1", engine: "onnx-cpu", device: "CPU", arithmetic: "int8", model, startedAt: earlier };
const load = { jobsInFlight: 2, jobsPerMinute: 240 };
const idle = { jobs: 0, oldestSeconds: 0 };
const fleetState = {
  waiting: { interactive: idle, high: idle, normal: { jobs: 12, oldestSeconds: 0.8 }, low: idle },
  paused: false,
  active: 2,
  delayed: 0,
  batches: 1,
  undelivered: { events: 0, oldestSeconds: 0 },
};
const comparison = { match: true, similarity: 1, cosineSimilarity: 1, euclideanDistance: 0, threshold: 1 };

const verified = {
  ...nearest,
  threshold: 1,
  uncertainBand,
  faces: [face, face],
  faceCounts: [1, 1],
  candidates: [],
  model,
};
const matched = {
  probe: { face, faceCount: 1 },
  matches: [{ index: 0, ...nearest, face, faceCount: 1 }],
  failed: [],
  threshold: 1,
  uncertainBand,
  model,
};
const line = { index: 0, image: s3Image, state: "succeeded", result: analysis };

/** Answers that are no JSON of a named schema, by operation. */
export const answerExamples: Readonly<Record<string, string>> = {
  watchJob: `id: 0-queued\nevent: job\ndata: ${JSON.stringify(queuedJob)}\n\n`,
  getBatchResults: `${JSON.stringify(line)}\n`,
  getMetrics: '# TYPE facefleet_queue_waiting_jobs gauge\nfacefleet_queue_waiting_jobs{priority="normal"} 12\n',
};

/** What the named schemas look like when they are filled in; a request can be sent as it is. */
export const schemaExamples: Readonly<Record<string, unknown>> = {
  AnalysePart: {},
  AnalyseRequest: requestExamples.analyseImage?.["application/json"],
  AnalysisRequest: requestExamples.submitJob?.["application/json"],
  AnalysisResult: analysis,
  Base64Embedding: packedEmbedding,
  Batch: batch,
  BatchCounts: counts,
  BatchEvent: batchEvent,
  BatchItem: s3Image,
  BatchLine: line,
  BatchList: { batches: [batch] },
  BatchRequest: requestExamples.submitBatch?.["application/json"],
  BatchSummary: batchSummary,
  Box: box,
  Candidate: { ...nearest, face },
  CompareFacesAnswer: { similarity: 1, cosine_similarity: 1, euclidean_distance: 0, match: true },
  CompareFacesRequest: requestExamples.compareFaces?.["application/json"],
  Comparison: comparison,
  DetectFaceAnswer: { face_detected: true, num_faces: 1, confidence: face.confidence, message: "Found 1 face(s)" },
  DroppedFace: { box, confidence: 0.71, reason: "low_confidence" },
  Embedding: packedEmbedding,
  EmbeddingPair: { embedding1: embedding, embedding2: embedding },
  ExtractEmbeddingAnswer: {
    embedding,
    dimensions: embeddingDimensions,
    confidence: face.confidence,
    model: simpleModelName,
  },
  Face: face,
  FaceQuality: quality,
  FleetAnswer: { workers: [{ ...worker, load }], ...fleetState },
  FleetState: fleetState,
  FleetWorker: { ...worker, load },
  FloatEmbedding: embedding,
  GalleryMatch: matched.matches[0],
  GivenEmbedding: given,
  HealthAnswer: {
    status: "healthy",
    service: "facefleet",
    model: simpleModelName,
    embedding_dimensions: embeddingDimensions,
  },
  ImageInfo: analysis.image,
  ImagePair: requestExamples.compareFaces?.["application/json"],
  ImageRef: s3Image,
  ImageRequest: requestExamples.detectFace?.["application/json"],
  InlineImage: image,
  Job: job,
  JobEvent: jobEvent,
  JobList: { jobs: [{ ...job, result: undefined }] },
  JobOptions: {},
  JobPart: { task: "detect" },
  JobRequest: requestExamples.submitJob?.["application/json"],
  JobResult: analysis,
  JobSummary: jobSummary,
  LabelledImage: { image: s3Image, id: "IMG_2041", metadata: { album: "summer" } },
  Landmarks: landmarks,
  ListedBatch: requestExamples.submitBatch?.["application/json"],
  ManifestBatch: { task: "embed", manifest: { s3: { bucket: "photos", key: "lists/2026.ndjson" } } },
  MatchRequest: matchRequest,
  MatchResult: matched,
  MatchSubject: given,
  ModelInfo: model,
  ModelsAnswer: { workers: [worker] },
  Point: landmarks.nose,
  Pose: quality.pose,
  PrefixBatch: { task: "embed", prefix: { s3: { bucket: "photos", prefix: "2026/" } } },
  ProbeAnswer: { status: "ok", checks: { redis: "ok" } },
  Problem: problem,
  RequestImage: image,
  S3ImageRef: s3Image,
  Task: "detect",
  Timings: analysis.timings,
  Upload: {
    id: uploadId,
    url: `http://127.0.0.1:3000/v1/uploads/${uploadId}?signature=9f86d0`,
    method: "PUT",
    headers: { "content-type": "image/webp" },
    expiresAt: later,
  },
  UploadImageRef: { upload: uploadId },
  UploadRequest: requestExamples.createUpload?.["application/json"],
  UrlImageRef: { url: "https://example.com/party.jpg" },
  VerifyRequest: { task: "verify", images: [image, image] },
  VerifyResult: verified,
  WebhookAttempt: attempt,
  WebhookAttempts: { id: "e0190a6b4c2d84e5f", state: "delivered", attempts: [attempt] },
  WebhookEvent: jobEvent,
  WebhookProgress: { state: "delivered", attempts: 1 },
  WebhookSecret: { secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", createdAt: earlier },
  WebhookTarget: { url: "https://example.com/faces" },
  WorkerInfo: worker,
  WorkerLoad: load,
};
