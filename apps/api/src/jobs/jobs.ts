import { Job, JobRequest, MultipartJob, MultipartVerify, ProblemError } from "@facefleet/contracts";
import { uploadNotFound, uploadsOf } from "@facefleet/platform";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { endOfPatience } from "../server/patience.js";
import { unexpectedMediaType } from "../server/problem-answers.js";
import { callerTrace } from "../server/request-tracing.js";
import type { Routes } from "../services.js";
import { AtOnce } from "../tenancy/at-once.js";
import { assertImageAllowed, assertUploadsOwn } from "../tenancy/image-access.js";
import { imageParts, readImageForm } from "../uploads/image-form.js";
import type { ImageIntake } from "../uploads/image-intake.js";
import { refer } from "../wire/components.js";
import { IdempotencyHeaders } from "../wire/idempotency-headers.js";
import { jobPartReader } from "../wire/json-reader.js";
import { problemAnswers } from "../wire/problem-schema.js";
import { validator } from "../wire/validation.js";
import { JobParams, jobId, jobNotFound } from "./job-address.js";
import { sendJob } from "./job-answer.js";
import { commandOf, commandWithImages, type JobCommand } from "./job-command.js";

const WaitQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 30, description: "Seconds to wait for the job's end, if it has not ended." }),
    ),
  },
  { additionalProperties: false },
);
const binary = (description: string) => Type.String({ format: "binary", description });
const JobForm = Type.Union([
  Type.Object({ job: refer(MultipartJob), image: binary("The image itself.") }),
  Type.Object({
    job: refer(MultipartVerify),
    image1: binary("The image whose first face is looked for."),
    image2: binary("The image in which it is looked for."),
  }),
]);

const checkMultipartJob = validator(MultipartJob);
const checkMultipartVerify = validator(MultipartVerify);

/** Submit, look up, wait for, retry, and cancel or erase a job. */
export const jobRoutes: Routes = async (app, services) => {
  const { jobs, intake } = services;
  const readJob = jobPartReader(app);
  const waits = new AtOnce({ most: 1000, code: "too_many_waits", what: "requests that wait" });
  const contextOf = ({ tenant }: FastifyRequest) => ({
    tenant: tenant.id,
    defaultTtlSeconds: services.config.RESULT_TTL_SECONDS,
    defaultDetector: services.config.DETECTOR,
  });

  app.post(
    "/v1/jobs",
    {
      schema: {
        operationId: "submitJob",
        summary: "Submit a job",
        tags: ["jobs"],
        headers: IdempotencyHeaders,
        body: { content: { "application/json": { schema: JobRequest }, "multipart/form-data": { schema: JobForm } } },
        response: { 200: refer(Job), 202: refer(Job), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const key = request.headers["idempotency-key"];
      const submitted = request.isMultipart() ? await submitForm(request, key) : await submitReferences(request, key);
      reply.subjectId = submitted.job.id;
      reply.code(submitted.created ? 202 : 200).header("location", submitted.job.links.self);
      return sendJob(services, request, reply, submitted);
    },
  );

  app.get(
    "/v1/jobs/:id",
    {
      schema: {
        operationId: "getJob",
        summary: "Look a job up, or wait for its end",
        tags: ["jobs"],
        params: JobParams,
        querystring: WaitQuery,
        response: { 200: refer(Job), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const id = jobId(request.params);
      const { wait = 0 } = request.query;
      if (wait > 0) waits.enter(request, reply);
      const over = endOfPatience(reply, services.waitsEnd);
      const found = await (wait > 0
        ? jobs.lookWhenFinished(request.tenant.id, id, wait * 1000, over)
        : jobs.look(request.tenant.id, id));
      if (!found) throw jobNotFound(id);
      return sendJob(services, request, reply, found);
    },
  );

  app.delete(
    "/v1/jobs/:id",
    {
      schema: {
        operationId: "deleteJob",
        summary: "Cancel a job, or erase its result",
        tags: ["jobs"],
        params: JobParams,
        response: { 204: Type.Null({ description: "Canceled or erased, now or before." }), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const id = jobId(request.params);
      const canceled = await jobs.cancel(request.tenant.id, id);
      if (!canceled) throw jobNotFound(id);
      await intake.released(canceled.uploads);
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/v1/jobs/:id/retry",
    {
      schema: {
        operationId: "retryJob",
        summary: "Try a failed job again",
        description:
          "The job keeps its id and counts its attempts on. An image that was sent along is kept for it where the job's error is `retryable`.",
        tags: ["jobs"],
        params: JobParams,
        response: { 202: refer(Job), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const id = jobId(request.params);
      const job = await jobs.retry(request.tenant.id, id, request.tenant.quotas);
      if (!job) throw jobNotFound(id);
      return reply.code(202).header("location", job.links.self).send(job);
    },
  );

  async function submitForm(request: FastifyRequest, key: string | undefined) {
    const { MAX_IMAGE_BYTES: maxBytes } = services.config;
    const parts = [imageParts.one, imageParts.pair];
    const { images, job: part } = await readImageForm(request, { intake, parts, maxBytes, readJob });
    const each = (work: (uploadId: string) => Promise<void>) =>
      Promise.all(images.map((image) => work(image.uploadId)));
    try {
      if (part === undefined) throw new ProblemError("invalid_request", "Expected a part job but received none");
      const job = images.length === 1 ? checkMultipartJob(part) : checkMultipartVerify(part);
      const submitted = await submit(request, commandWithImages(job, images, contextOf(request)), key);
      if (!submitted.created) await each((id) => intake.discard(id));
      return submitted;
    } catch (error) {
      await each((id) => intake.takeBack(id, error));
      throw error;
    }
  }

  async function submitReferences(request: FastifyRequest, key: string | undefined) {
    if (request.body === undefined) throw unexpectedMediaType(request, "application/json or multipart/form-data");
    const command = commandOf(request.body as JobRequest, contextOf(request));
    const { images } = command.payload;
    for (const image of images) assertImageAllowed(services, request.tenant, image);
    const uploads = uploadsOf({ images });
    await assertUploadsOwn(services.uploads, request.tenant, uploads);
    // A repeated request may name an upload that its first job has used up: whether it is there the worker finds out.
    if (key === undefined) await Promise.all(uploads.map((id) => assertArrived(intake, id)));
    return submit(request, command, key);
  }

  async function submit(request: FastifyRequest, { payload, priority, bodyHash }: JobCommand, key?: string) {
    const { id: tenant, quotas } = request.tenant;
    if (payload.webhook) services.egress.assertAllowed(payload.webhook.url);
    const submitted = await jobs.submit(payload, {
      ...quotas,
      priority,
      trace: callerTrace(request),
      requestId: request.id,
      ...(key && { idempotency: { key, bodyHash: bodyHash() } }),
    });
    if (submitted.created) services.apiMetrics.submitted({ tenant, task: payload.task, priority, jobs: 1 });
    return submitted;
  }
};

async function assertArrived(intake: ImageIntake, upload: string): Promise<void> {
  if (!(await intake.has(upload))) throw uploadNotFound(upload);
}
