import {
  type AnalysisResult,
  CompareFacesAnswer,
  CompareFacesRequest,
  type Comparison,
  DetectFaceAnswer,
  ExtractEmbeddingAnswer,
  embeddingDimensions,
  fingerprintHeader,
  HealthAnswer,
  type JobResult,
  ProblemError,
  simpleModelName,
} from "@facefleet/contracts";
import { compareEmbeddings, expectSameFingerprint } from "@facefleet/matching";
import { Type } from "typebox";
import { allOk, checkDependencies, hasWorker } from "../fleet/dependency-checks.js";
import { unexpectedMediaType } from "../server/problem-answers.js";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { problemAnswers } from "../wire/problem-schema.js";
import { answerAtOnce } from "./synchronous-analysis.js";

const binary = (description: string) => Type.String({ format: "binary", description });

const ImageForm = {
  content: { "multipart/form-data": { schema: Type.Object({ image: binary("The image itself.") }) } },
};

const Comparable = {
  content: {
    "application/json": { schema: CompareFacesRequest },
    "multipart/form-data": {
      schema: Type.Object({
        image1: binary("The image whose most prominent face is looked for."),
        image2: binary("The image in which it is looked for, among all of its faces."),
      }),
    },
  },
};

/** One image in, one answer out: the endpoints that need no knowledge of jobs. */
export const simpleServiceRoutes: Routes = async (app, services) => {
  app.post(
    "/detect-face",
    {
      schema: {
        operationId: "detectFace",
        summary: "Find the faces of an image",
        tags: ["simple service"],
        body: ImageForm,
        response: { 200: refer(DetectFaceAnswer), ...problemAnswers },
      },
    },
    async (request, reply) =>
      detectFaceAnswer(analysisOf(await answerAtOnce(services, request, reply, { task: "detect", maxFaces: 1000 }))),
  );

  app.post(
    "/extract-embedding",
    {
      schema: {
        operationId: "extractEmbedding",
        summary: "Embed the most prominent face of an image",
        description: "The header `X-Model-Fingerprint` of the answer names what made the embedding.",
        tags: ["simple service"],
        body: ImageForm,
        response: { 200: refer(ExtractEmbeddingAnswer), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const result = analysisOf(await answerAtOnce(services, request, reply, { task: "embed", maxFaces: 1 }));
      reply.header(fingerprintHeader, result.model.fingerprint);
      return extractEmbeddingAnswer(result);
    },
  );

  app.post(
    "/compare-faces",
    {
      schema: {
        operationId: "compareFaces",
        summary: "Compare two embeddings, or the faces of two images",
        description:
          "Of two images the most prominent face of the first is compared with every face of the second, and the nearest is answered. `match` is decided by the Euclidean distance of the L2-normalised vectors: below 1.0, which is a cosine similarity above 0.5. Fingerprints, where both are given, must be the same.",
        tags: ["simple service"],
        body: Comparable,
        response: { 200: refer(CompareFacesAnswer), ...problemAnswers },
      },
    },
    async (request, reply) => {
      if (request.isMultipart()) {
        const compared = await answerAtOnce(services, request, reply, { task: "verify", maxFaces: 100 });
        if (!("threshold" in compared)) throw new Error("Expected a comparison as the result of a verify job");
        return compareFacesAnswer(compared);
      }
      if (request.body === undefined) throw unexpectedMediaType(request, "application/json or multipart/form-data");
      const { embedding1, embedding2, fingerprint1, fingerprint2 } = request.body as CompareFacesRequest;
      expectSameFingerprint(fingerprint1, fingerprint2);
      return compareFacesAnswer(compareEmbeddings(embedding1, embedding2));
    },
  );

  app.get(
    "/health",
    {
      config: { public: true },
      schema: {
        operationId: "getHealth",
        summary: "Whether images can be analysed now",
        tags: ["simple service"],
        response: { 200: refer(HealthAnswer), 503: refer(HealthAnswer) },
      },
    },
    async (_request, reply) => {
      const [checks, workerReady] = await Promise.all([
        checkDependencies(services.jobs, services.store),
        hasWorker(services.jobs),
      ]);
      const healthy = allOk(checks) && workerReady;
      return reply.code(healthy ? 200 : 503).send({
        status: healthy ? "healthy" : "degraded",
        service: "facefleet",
        model: simpleModelName,
        embedding_dimensions: embeddingDimensions,
      });
    },
  );
};

function analysisOf(result: JobResult): AnalysisResult {
  if (!("timings" in result)) throw new Error("Expected an analysis as the result of a job about one image");
  return result;
}

function compareFacesAnswer({
  similarity,
  cosineSimilarity,
  euclideanDistance,
  match,
}: Comparison): CompareFacesAnswer {
  return { similarity, cosine_similarity: cosineSimilarity, euclidean_distance: euclideanDistance, match };
}

function detectFaceAnswer({ faces }: AnalysisResult): DetectFaceAnswer {
  return {
    face_detected: faces.length > 0,
    num_faces: faces.length,
    confidence: faces[0]?.confidence ?? 0,
    message: faces.length > 0 ? `Found ${faces.length} face(s)` : "No face detected",
  };
}

function extractEmbeddingAnswer({ faces, model }: AnalysisResult): ExtractEmbeddingAnswer {
  const [face] = faces;
  if (!face) throw new ProblemError("no_face_detected");
  if (!Array.isArray(face.embedding)) throw new Error("Expected a list of numbers for the embedding of an embed job");
  return {
    embedding: face.embedding,
    dimensions: model.dimensions,
    confidence: face.confidence,
    model: simpleModelName,
  };
}
