import { embeddingDimensions } from "@facefleet/contracts";
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

const box = { x: 44.4, y: 61, width: 71.3, height: 95 };
const model = {
  pack: "facenet-20180402-114759-int8",
  detector: "mtcnn",
  embedder: "facenet-20180402-114759",
  dimensions: embeddingDimensions,
  fingerprint: "1f3a7c0b5d2e4f68",
};
const face = { box, confidence: 0.9997 };
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
const comparison = { match: true, similarity: 1, cosineSimilarity: 1, euclideanDistance: 0, threshold: 1 };

/** What the named schemas look like when they are filled in. A schema with a request's example has that. */
export const schemaExamples: Readonly<Record<string, unknown>> = {
  AnalyseRequest: requestExamples.analyseImage?.["application/json"],
  AnalysePart: {},
  AnalysisRequest: requestExamples.submitJob?.["application/json"],
  AnalysisResult: analysis,
  Batch: batch,
  BatchCounts: counts,
  BatchEvent: batchEvent,
  BatchSummary: batchSummary,
  Box: box,
  Comparison: comparison,
  Face: face,
  ImageRequest: requestExamples.detectFace?.["application/json"],
  InlineImage: { data: examplePicture },
  Job: job,
  JobEvent: jobEvent,
  JobOptions: {},
  JobPart: { task: "detect" },
  JobSummary: jobSummary,
  ListedBatch: requestExamples.submitBatch?.["application/json"],
  ManifestBatch: { task: "embed", manifest: { s3: { bucket: "photos", key: "lists/2026.ndjson" } } },
  ModelInfo: model,
  PrefixBatch: { task: "embed", prefix: { s3: { bucket: "photos", prefix: "2026/" } } },
  Problem: problem,
  S3ImageRef: { s3: { bucket: "photos", key: "party.jpg" } },
  UploadImageRef: { upload: uploadId },
  UploadRequest: requestExamples.createUpload?.["application/json"],
  UrlImageRef: { url: "https://example.com/party.jpg" },
  VerifyRequest: { task: "verify", images: [{ data: examplePicture }, { data: examplePicture }] },
  WebhookTarget: { url: "https://example.com/faces" },
};
