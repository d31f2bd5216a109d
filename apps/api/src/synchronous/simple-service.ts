import {
  AnalyseForm,
  AnalysePart,
  AnalyseRequest,
  type AnalysisResult,
  CompareFacesAnswer,
  CompareFacesRequest,
  type Comparison,
  DetectFaceAnswer,
  type EmbeddingPair,
  ExtractEmbeddingAnswer,
  embeddingDimensions,
  fingerprintHeader,
  HealthAnswer,
  ImageForm,
  ImagePairForm,
  ImageRequest,
  ImageResult,
  type ImageTask,
  type JobOptions,
  type JobResult,
  ProblemError,
  simpleModelName,
} from "@facefleet/contracts";
import { compareEmbeddings, expectSameFingerprint } from "@facefleet/matching";
import type { FastifyReply, FastifyRequest } from "fastify";
import { allOk, checkDependencies, checkWork, faultsIn } from "../fleet/dependency-checks.js";
import { expectFitting } from "../jobs/job-command.js";
import type { Routes } from "../services.js";
import { imageParts } from "../uploads/image-form.js";
import { simpleRequests } from "../uploads/simple-request.js";
import { refer } from "../wire/components.js";
import { imageBodies } from "../wire/image-bodies.js";
import { problemAnswers } from "../wire/problem-schema.js";
import { validator } from "../wire/validation.js";
import { answerAtOnce, passOnAtOnce } from "./synchronous-analysis.js";

const OneImage = {
  content: {
    "multipart/form-data": { schema: ImageForm },
    "application/json": { schema: ImageRequest },
    ...imageBodies,
  },
};

const Comparable = {
  content: {
    "application/json": { schema: CompareFacesRequest },
    "multipart/form-data": { schema: ImagePairForm },
  },
};

const Analysed = {
  content: {
    "multipart/form-data": { schema: AnalyseForm },
    "application/json": { schema: AnalyseRequest },
    ...imageBodies,
  },
};

const checkAnalyseRequest = validator(AnalyseRequest);
const checkAnalysePart = validator(AnalysePart);
const checkImage = validator(ImageRequest);
const checkPair = validator(CompareFacesRequest);

/** One image in, one answer out: the endpoints that need no knowledge of jobs. */
export const simpleServiceRoutes: Routes = async (app, services) => {
  await app.register(analysisRoutes, services);
  await app.register(healthRoute, services);
};

const analysisRoutes: Routes = async (app, services) => {
  const read = simpleRequests(app, services);

  async function analyse(
    request: FastifyRequest,
    reply: FastifyReply,
    task: ImageTask,
    maxFaces: number,
  ): Promise<AnalysisResult> {
    const { said, isJson, uploads, images } = await read(request, { names: imageParts.one });
    const analysis = async () => ({
      task,
      images: await images(isJson ? checkImage(said) : {}),
      options: { maxFaces, ...plain },
    });
    return analysisOf(await answerAtOnce(services, request, reply, uploads, analysis));
  }

  app.post(
    "/detect-face",
    {
      schema: {
        operationId: "detectFace",
        summary: "Find the faces of an image",
        tags: ["simple service"],
        body: OneImage,
        response: { 200: refer(DetectFaceAnswer), ...problemAnswers },
      },
    },
    async (request, reply) => detectFaceAnswer(await analyse(request, reply, "detect", 1000)),
  );

  app.post(
    "/extract-embedding",
    {
      schema: {
        operationId: "extractEmbedding",
        summary: "Embed the most prominent face of an image",
        description: "The header `X-Model-Fingerprint` of the answer names what made the embedding.",
        tags: ["simple service"],
        body: OneImage,
        response: { 200: refer(ExtractEmbeddingAnswer), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const result = await analyse(request, reply, "embed", 1);
      reply.header(fingerprintHeader, result.model.fingerprint);
      return extractEmbeddingAnswer(result);
    },
  );

  app.post(
    "/v1/analyse",
    {
      schema: {
        operationId: "analyseImage",
        summary: "Analyse an image in one request",
        description:
          "All that a job would find, as its result has it. The image comes in a form, whose part `job` may be left out, in JSON, or as the body itself. What takes longer than the service waits is answered 504 with the job's URL, where its result is for an hour.",
        tags: ["jobs"],
        body: Analysed,
        response: { 200: refer(ImageResult), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const { said, isJson, uploads, images } = await read(request, { names: imageParts.one, job: true });
      return passOnAtOnce(services, request, reply, uploads, async () => {
        const asked: AnalysePart & Partial<AnalyseRequest> = isJson
          ? checkAnalyseRequest(said)
          : checkAnalysePart(said ?? {});
        const { task = "detect", options = {}, image } = asked;
        expectFitting(task, options);
        return { task, images: await images(image ? { image } : {}), options };
      });
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
      const { said, isJson, uploads, images } = await read(request, { names: imageParts.pair });
      const asked = isJson ? await services.intake.keepFor(uploads, async () => checkPair(said)) : undefined;
      if (asked && "embedding1" in asked) return compareFacesAnswer(compareGiven(asked));
      const analysis = async () => ({
        task: "verify" as const,
        images: await images(asked ?? {}),
        options: { maxFaces: 100, ...plain },
      });
      const compared = await answerAtOnce(services, request, reply, uploads, analysis);
      if (!("match" in compared)) throw new Error("Expected a comparison as the result of a verify job");
      return compareFacesAnswer(compared);
    },
  );
};

const healthRoute: Routes = async (app, services) => {
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
      const { jobs, store } = services;
      const checks = Object.assign({}, ...(await Promise.all([checkDependencies(jobs, store), checkWork(jobs)])));
      const healthy = allOk(checks);
      return reply.code(healthy ? 200 : 503).send({
        status: healthy ? "healthy" : "degraded",
        service: "facefleet",
        model: simpleModelName,
        embedding_dimensions: embeddingDimensions,
        ...(!healthy && { detail: faultsIn(checks) }),
      });
    },
  );
};

/** What these answers say nothing of. */
const plain = { landmarks: false, quality: false } as const satisfies Partial<JobOptions>;

function compareGiven({ embedding1, embedding2, fingerprint1, fingerprint2 }: EmbeddingPair): Comparison {
  expectSameFingerprint(fingerprint1, fingerprint2);
  return compareEmbeddings(embedding1, embedding2);
}

function analysisOf(result: JobResult): AnalysisResult {
  if (!("dropped" in result)) throw new Error("Expected an analysis as the result of a job about one image");
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
