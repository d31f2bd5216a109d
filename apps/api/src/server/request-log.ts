import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isRoutine } from "./routine-routes.js";

declare module "fastify" {
  interface FastifyReply {
    /** The id of the job or the batch that was submitted. */
    subjectId: string | undefined;
  }
}

/** One line for each answer; those to machines that ask all the time only when debugging. */
export function logRequests(app: FastifyInstance): void {
  app.decorateReply("subjectId");
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unmatched";
    const level = isRoutine(route) ? "debug" : "info";
    const ms = Math.round(reply.elapsedTime);
    const { statusCode: status, problemCode: code } = reply;
    const { method, tenant } = request;
    // Whoever tries keys is to be found; of others the log does not keep where they are.
    const client = code === "unauthorized" ? request.ip : undefined;
    const subject = subjectOf(request, reply);
    request.log[level](
      { method, route, status, ...(code && { code }), ...(client && { client }), ms, tenant: tenant?.id, ...subject },
      "answered",
    );
    done();
  });
}

/** What the request was about, as the lines of workers name it. */
function subjectOf(
  { params }: FastifyRequest,
  { subjectId }: FastifyReply,
): { jobId: string } | { batchId: string } | object {
  const id = subjectId ?? (params as { id?: string } | undefined)?.id ?? "";
  if (!/^[jb][0-9a-f]{32}$/.test(id)) return {};
  return id.startsWith("j") ? { jobId: id } : { batchId: id };
}
