import {
  type ImageRef,
  Job,
  JobForm,
  JobRequest,
  MultipartJob,
  MultipartVerify,
  maxGallery,
  ProblemError,
  taskCatalogue,
} from "@facefleet/contracts";
import type { Submission } from "@facefleet/platform";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { endOfPatience } from "../server/patience.js";
import { unexpectedMediaType } from "../server/problem-answers.js";
import { callerTrace } from "../server/request-tracing.js";
import type { Routes } from "../services.js";
import { AtOnce } from "../tenancy/at-once.js";
import { imageParts, readImageForm } from "../uploads/image-form.js";
import { type InlineImages, readImageJson } from "../uploads/image-json.js";
import { expectReadable } from "../uploads/named-images.js";
import { receivedUpload } from "../uploads/received-image.js";
import { imagesOf, receiveSubjects } from "../uploads/received-subjects.js";
import { refer } from "../wire/components.js";
import { IdempotencyHeaders } from "../wire/idempotency-headers.js";
import { jobPartReader, jsonBodyReader } from "../wire/json-reader.js";
import { problemAnswers } from "../wire/problem-schema.js";
import { validator } from "../wire/validation.js";
import { JobParams, jobId, jobNotFound } from "./job-address.js";
import { sendJob } from "./job-answer.js";
import { commandOf, type JobCommand } from "./job-command.js";

const WaitQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 30, description: "Seconds to wait for the job's end, if it has not ended." }),
    ),
  },
  { additionalProperties: false },
);
type MatchJob = Extract<JobRequest, { readonly task: "match" }>;

const checkJob = validator(JobRequest);
const checkFormJob = validator(Type.Union([MultipartJob, MultipartVerify]));
/** Where images may come along with a job. */
const inlinePlaces = /^\/(image|images\/\d+|probe|gallery\/\d+)\/data$/;

/** Submit, look up, wait for, retry, and cancel or erase a job. */
export const jobRoutes: Routes = async (app, services) => {
  await app.register(jobSubmission, services);
  await app.register(submittedJobs, services);
};

const jobSubmission: Routes = async (app, services) => {
  const { jobs, intake } = services;
  const { MAX_IMAGE_BYTES: maxBytes } = services.config;
  const readJob = jobPartReader(app);
  const parse = jsonBodyReader(app);
  app.post(
    "/v1/jobs",
    {
      schema: {
        operationId: "submitJob",
        summary: "Submit a job",
        description: "An image may be named, or come along: as a part of a form, or in the JSON as base64 in `data`.",
        tags: ["jobs"],
        headers: IdempotencyHeaders,
        body: { content: { "application/json": { schema: JobRequest }, "multipart/form-data": { schema: JobForm } } },
        response: {
          200: refer(Job, "The job that the same `Idempotency-Key` has submitted before, as it is now."),
          202: refer(Job, "The job is new, and waits in the queue: `links.self` tells how it goes on."),
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      const key = request.headers["idempotency-key"];
      const submitted = request.isMultipart() ? await submitForm(request, key) : await submitJson(request, key);
      reply.subjectId = submitted.job.id;
      reply.code(submitted.created ? 202 : 200).header("location", submitted.job.links.self);
      return sendJob(services, request, reply, submitted);
    },
  );

  async function submitForm(request: FastifyRequest, key: string | undefined) {
    const parts = [imageParts.one, imageParts.pair];
    const { images, job } = await readImageForm(request, { intake, parts, maxBytes, readJob });
    const uploads = images.map(({ uploadId }) => uploadId);
    return submitKept(uploads, async () => {
      const command = commandOf(
        formJob(job, images.length),
        { images: images.map(receivedUpload) },
        contextOf(request),
      );
      return submit(request, command, key);
    });
  }

  async function submitJson(request: FastifyRequest, key: string | undefined) {
    if (request.body === undefined) throw unexpectedMediaType(request);
    const most = 1 + maxGallery;
    const { body, inline } = await readImageJson(request, { intake, maxBytes, parse, places: inlinePlaces, most });
    return submitKept(inline.uploads, async () => {
      const job = checkJob(body);
      const images = job.task === "match" ? imagesOf(job) : "image" in job ? [job.image] : job.images;
      const named = images.filter((image): image is ImageRef => !("data" in image));
      await expectReadable(services, request.tenant, named, key !== undefined);
      if (job.task === "match") return submitMatch(request, job, inline, key);
      const received = images.map((image) => inline.received(image));
      return submit(request, commandOf(job, { images: received }, contextOf(request)), key);
    });
  }

  async function submitMatch(request: FastifyRequest, job: MatchJob, inline: InlineImages, key: string | undefined) {
    const subjects = await receiveSubjects(job, { intake, request, inline });
    const uploads = subjects.given ? [subjects.given.upload] : [];
    return submitKept(uploads, async () => submit(request, commandOf(job, subjects, contextOf(request)), key));
  }

  /** What came along is not needed where an earlier request did the same. */
  async function submitKept(uploads: readonly string[], submit: () => Promise<Submission>): Promise<Submission> {
    const submitted = await intake.keepFor(uploads, submit);
    if (!submitted.created) await Promise.all(uploads.map((id) => intake.discard(id)));
    return submitted;
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

  function contextOf({ tenant }: FastifyRequest) {
    const { RESULT_TTL_SECONDS: defaultTtlSeconds, DETECTOR: defaultDetector } = services.config;
    return { tenant: tenant.id, defaultTtlSeconds, defaultDetector };
  }
};

/** @throws ProblemError `invalid_request`, or `missing_image` where the form has not as many images as its task needs */
function formJob(part: unknown, images: number): MultipartJob | MultipartVerify {
  if (part === undefined) throw new ProblemError("invalid_request", "Expected a part job but received none");
  const job = checkFormJob(part);
  const expected = taskCatalogue[job.task].about === "pair" ? imageParts.pair : imageParts.one;
  if (images === expected.length) return job;
  const received = images === 1 ? imageParts.one : imageParts.pair;
  const detail = `Expected ${named(expected)} for the task ${job.task} but received ${named(received)}`;
  throw new ProblemError("missing_image", detail);
}

function named(parts: readonly string[]): string {
  return `${parts.length === 1 ? "a file part" : "file parts"} ${parts.join(" and ")}`;
}

const submittedJobs: Routes = async (app, services) => {
  const { jobs, intake } = services;
  const waits = new AtOnce({ most: 1000, code: "too_many_waits", what: "requests that wait" });

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
        ? jobs.lookWhenEnded(request.tenant.id, id, wait * 1000, over)
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
};
