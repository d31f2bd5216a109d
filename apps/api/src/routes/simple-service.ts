import {
  type AnalysisResult,
  CompareFacesAnswer,
  CompareFacesRequest,
  DetectFaceAnswer,
  ExtractEmbeddingAnswer,
  embeddingDimensions,
  fingerprintHeader,
  HealthAnswer,
  ProblemError,
  simpleModelName,
} from "@facefleet/contracts";
import { compareEmbeddings, expectSameFingerprint } from "@facefleet/matching";
import { Type } from "typebox";
import { allOk, checkDependencies, hasWorker } from "../dependency-checks.js";
import type { Routes } from "../services.js";
import { answerAtOnce } from "../synchronous-analysis.js";
import { refer } from "../wire/components.js";
import { problemAnswers } from "../wire/problem-schema.js";

const ImageForm = {
  content: {
    "multipart/form-data": {
      schema: Type.Object({ image: Type.String({ format: "binary", description: "The image itself." }) }),
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
      detectFaceAnswer(await answerAtOnce(services, request, reply, { task: "detect", maxFaces: 1000 })),
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
      const result = await answerAtOnce(services, request, reply, { task: "embed", maxFaces: 1 });
      reply.header(fingerprintHeader, result.model.fingerprint);
      return extractEmbeddingAnswer(result);
    },
  );

  app.post(
    "/compare-faces",
    {
      schema: {
        operationId: "compareFaces",
        summary: "Compare two embeddings",
        description:
          "`match` is decided by the Euclidean distance of the L2-normalised vectors: below 1.0, which is a cosine similarity above 0.5. Fingerprints, where both are given, must be the same.",
        tags: ["simple service"],
        body: CompareFacesRequest,
        response: { 200: refer(CompareFacesAnswer), ...problemAnswers },
      },
    },
    async ({ body }) => {
      expectSameFingerprint(body.fingerprint1, body.fingerprint2);
      const { similarity, cosineSimilarity, euclideanDistance, match } = compareEmbeddings(
        body.embedding1,
        body.embedding2,
      );
      return { similarity, cosine_similarity: cosineSimilarity, euclidean_distance: euclideanDistance, match };
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
