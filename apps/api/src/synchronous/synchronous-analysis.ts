import {
  type AnalysisResult,
  type ImageRef,
  type Job,
  type JobOptions,
  type JobResult,
  ProblemError,
  type Task,
  type Timings,
} from "@facefleet/contracts";
import { hasEnded, isStored, type KeptText } from "@facefleet/platform";
import type { FastifyReply, FastifyRequest } from "fastify";
import { completeOptions } from "../jobs/job-command.js";
import { endOfPatience, isClientGone } from "../server/patience.js";
import { callerTrace } from "../server/request-tracing.js";
import type { ApiServices } from "../services.js";

/** How long the result of a job that outlasted its request can be fetched; the others' is erased at once. */
const lateResultTtlSeconds = 3600;

/** What is to be found in which images. */
interface Analysis {
  readonly task: Task;
  readonly images: ImageRef[];
  readonly options: Partial<JobOptions>;
}

/** A job that has ended well while its request waited. */
interface Answered {
  readonly result: KeptText;
  /** Erases it. The answer does not wait for that. */
  forget(): void;
}

/**
 * Sends images through the queue, before all other jobs, and waits for the result. It is erased once it is here; a job that
 * nobody waits for any more is canceled.
 * @param uploads those that came along, which are taken back where the job is not submitted
 * @throws ProblemError the job's own problem, or sync_timeout with the job's URL while the job goes on
 */
export async function answerAtOnce(
  services: ApiServices,
  request: FastifyRequest,
  reply: FastifyReply,
  uploads: readonly string[],
  analysis: () => Promise<Analysis>,
): Promise<JobResult> {
  const { result: kept, forget } = await endAtOnce(services, request, reply, uploads, analysis);
  try {
    const result = JSON.parse(await textOf(services, kept)) as JobResult;
    if ("timings" in result) reply.header("server-timing", serverTiming(result.timings));
    return result;
  } finally {
    forget();
  }
}

/** The same of an analysis that is answered as it is: its bytes are passed on, a large one as they come from the store. */
export async function passOnAtOnce(
  services: ApiServices,
  request: FastifyRequest,
  reply: FastifyReply,
  uploads: readonly string[],
  analysis: () => Promise<Analysis>,
): Promise<FastifyReply> {
  const { result, forget } = await endAtOnce(services, request, reply, uploads, analysis);
  if (isClientGone(reply)) forget();
  else reply.raw.once("close", forget);
  reply.type("application/json; charset=utf-8");
  if (isStored(result)) {
    reply.header("content-length", result.bytes);
    return reply.send(services.largeAnswers.stream(request, reply, services.jobs.resultBytes(result)));
  }
  reply.header("server-timing", serverTiming((JSON.parse(result) as AnalysisResult).timings));
  return reply.send(result);
}

async function endAtOnce(
  services: ApiServices,
  request: FastifyRequest,
  reply: FastifyReply,
  uploads: readonly string[],
  analysis: () => Promise<Analysis>,
): Promise<Answered> {
  const { jobs, config, waitsEnd, intake } = services;
  const over = endOfPatience(reply, waitsEnd);
  const submitted = await intake.keepFor(uploads, async () => submit(services, request, await analysis()));
  const { id } = submitted;
  reply.subjectId = id;
  const found = await jobs.lookWhenEnded(request.tenant.id, id, config.SYNC_TIMEOUT * 1000, over);
  const { job, result } = found ?? { job: submitted, result: undefined };
  const forget = () => erase(services, request, id);
  if (hasEnded(job) && result !== undefined) return { result, forget };
  if (isClientGone(reply) || hasEnded(job)) forget();
  if (!hasEnded(job)) throw notFinished(job, reply);
  if (job.state === "canceled") throw new ProblemError("job_canceled");
  if (job.error) throw ProblemError.fromProblem(job.error);
  throw new Error(`Expected a result of job ${id}`);
}

async function textOf({ jobs }: ApiServices, result: KeptText): Promise<string> {
  if (!isStored(result)) return result;
  const pieces: Buffer[] = [];
  for await (const piece of jobs.resultBytes(result)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function submit(
  { config, jobs, apiMetrics }: ApiServices,
  request: FastifyRequest,
  { task, images, options }: Analysis,
): Promise<Job> {
  const payload = {
    task,
    images,
    options: completeOptions(options, config.DETECTOR),
    resultTtlSeconds: Math.min(config.RESULT_TTL_SECONDS, lateResultTtlSeconds),
    tenant: request.tenant.id,
  };
  try {
    const { job } = await jobs.submit(payload, {
      priority: "interactive",
      ...request.tenant.quotas,
      trace: callerTrace(request),
      requestId: request.id,
    });
    apiMetrics.submitted({ tenant: request.tenant.id, task, priority: "interactive", jobs: 1 });
    return job;
  } catch (error) {
    throw withoutKey(error);
  }
}

/** Nothing stays of a job that nobody waited for: to ask again does no harm, and needs no key. */
function withoutKey(error: unknown): unknown {
  const isUnconfirmed = error instanceof ProblemError && error.code === "submission_unconfirmed";
  return isUnconfirmed ? new ProblemError("queue_unavailable", undefined, { cause: error }) : error;
}

/** Cancels a live job and erases the result of a finished one. The caller's answer does not wait for it. */
function erase({ jobs, intake, lines }: ApiServices, request: FastifyRequest, jobId: string): void {
  const forgotten = async () => {
    const canceled = await jobs.cancel(request.tenant.id, jobId);
    await intake.released(canceled?.uploads ?? []);
  };
  forgotten().catch((error: unknown) => {
    lines.write("error", { requestId: request.id, err: error, jobId }, "the job could not be erased");
  });
}

function notFinished(job: Job, reply: FastifyReply): ProblemError {
  reply.header("location", job.links.self);
  return new ProblemError("sync_timeout", undefined, { extras: { job: job.links.self } });
}

function serverTiming({ queueMs, fetchMs, decodeMs, detectMs, embedMs }: Timings): string {
  const stages = { queue: queueMs, fetch: fetchMs, decode: decodeMs, detect: detectMs, embed: embedMs };
  return Object.entries(stages)
    .map(([stage, milliseconds]) => `${stage};dur=${milliseconds}`)
    .join(", ");
}
