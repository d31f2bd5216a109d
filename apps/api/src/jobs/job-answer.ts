import { Readable } from "node:stream";
import { type FaceJobs, type FoundJob, isStored } from "@facefleet/platform";
import type { FastifyReply, FastifyRequest } from "fastify";
import { addressed, addressedBytes, addressedText } from "../addresses/addressed.js";
import type { LargeAnswers } from "../server/large-answers.js";

interface Services {
  readonly jobs: Pick<FaceJobs, "resultBytes">;
  readonly largeAnswers: LargeAnswers;
}

/**
 * Answers with a job. Its result is passed on as the bytes that it is kept as: a small one as part of the text, a large
 * one as a stream from where it is, of which no more is held here than its reader is behind.
 * @throws ProblemError `too_many_downloads`
 */
export function sendJob(
  { jobs, largeAnswers }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  { job, result }: FoundJob,
): FastifyReply {
  if (result === undefined) return reply.send(job);
  const { publicBase } = request;
  const head = `${reply.serialize(addressed(publicBase, job)).slice(0, -1)},"result":`;
  reply.type("application/json; charset=utf-8");
  if (!isStored(result)) return reply.send(`${head}${addressedText(publicBase, result)}}`);
  // With addresses in it, it gets longer by nobody knows how much.
  if (publicBase === "") reply.header("content-length", Buffer.byteLength(head) + result.bytes + 1);
  // Fastify would read the whole stream to answer HEAD with nothing of it.
  if (request.method === "HEAD") return reply.send(Readable.from([]));
  const bytes = wrapped(head, addressedBytes(publicBase, jobs.resultBytes(result)));
  return reply.send(largeAnswers.stream(request, reply, bytes));
}

async function* wrapped(head: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield Buffer.from(head);
  yield* bytes;
  yield Buffer.from("}");
}
