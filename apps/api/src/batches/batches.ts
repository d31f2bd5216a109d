import { Readable } from "node:stream";
import { Batch, BatchRequest } from "@facefleet/contracts";
import { labelled, uploadsOf } from "@facefleet/platform";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { addressedBytes } from "../addresses/addressed.js";
import { callerTrace } from "../server/request-tracing.js";
import type { ApiServices, Routes } from "../services.js";
import { assertImageAllowed, assertOutputAllowed, assertPlaceAllowed } from "../tenancy/image-access.js";
import { refer } from "../wire/components.js";
import { IdempotencyHeaders } from "../wire/idempotency-headers.js";
import { problemAnswers } from "../wire/problem-schema.js";
import { BatchParams, batchId, batchNotFound } from "./batch-address.js";
import { batchCommandOf } from "./batch-command.js";
import { batchResults } from "./batch-results.js";

/** A thousand references with signed URLs. */
const bodyLimitBytes = 4_194_304;

/** Submit, look up, read the results of, retry, and cancel or erase batches. */
export const batchRoutes: Routes = async (app, services) => {
  const { batches } = services;

  app.post(
    "/v1/batches",
    {
      bodyLimit: bodyLimitBytes,
      schema: {
        operationId: "submitBatch",
        summary: "Submit many images at once",
        description:
          "Up to 100,000 images: listed, in a manifest, or all below a prefix. They wait behind other jobs unless told otherwise, and one that cannot be analysed fails alone.",
        tags: ["batches"],
        headers: IdempotencyHeaders,
        body: BatchRequest,
        response: {
          200: refer(Batch, "The batch that the same `Idempotency-Key` has submitted before, as it is now."),
          202: refer(Batch, "The batch is new, and its items are being counted."),
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      const { batch, created } = await submit(services, request, request.body as BatchRequest);
      reply.subjectId = batch.id;
      return reply
        .code(created ? 202 : 200)
        .header("location", batch.links.self)
        .send(batch);
    },
  );

  app.get(
    "/v1/batches/:id",
    {
      schema: {
        operationId: "getBatch",
        summary: "Look a batch up",
        tags: ["batches"],
        params: BatchParams,
        response: { 200: refer(Batch), ...problemAnswers },
      },
    },
    async (request) => {
      const id = batchId(request.params);
      const batch = await batches.find(request.tenant.id, id);
      if (!batch) throw batchNotFound(id);
      return batch;
    },
  );

  app.get(
    "/v1/batches/:id/results",
    {
      schema: {
        operationId: "getBatchResults",
        summary: "Read the results of a batch",
        description:
          "One BatchLine for each item that has ended, in the order of the items, as a stream: of a finished batch, exactly one for every item.",
        tags: ["batches"],
        params: BatchParams,
        response: {
          200: {
            description: "The lines.",
            content: { "application/x-ndjson": { schema: Type.Unsafe<Readable>(Type.String()) } },
          },
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      const id = batchId(request.params);
      const record = await batches.record(request.tenant.id, id);
      if (!record) throw batchNotFound(id);
      reply.type("application/x-ndjson").header("cache-control", "no-store");
      // Fastify would read the whole stream to answer HEAD with nothing of it.
      if (request.method === "HEAD") return reply.send(Readable.from([]));
      const lines = addressedBytes(request.publicBase, batchResults(services, record));
      return reply.send(services.largeAnswers.stream(request, reply, lines));
    },
  );

  app.delete(
    "/v1/batches/:id",
    {
      schema: {
        operationId: "deleteBatch",
        summary: "Cancel what is left of a batch, or erase its results",
        tags: ["batches"],
        params: BatchParams,
        response: { 204: Type.Null({ description: "Being canceled, or erased, now or before." }), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const id = batchId(request.params);
      const removal = await batches.remove(request.tenant.id, id);
      if (!removal) throw batchNotFound(id);
      await deleteResults(services, request, id, removal.parts);
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/v1/batches/:id/retry",
    {
      schema: {
        operationId: "retryBatch",
        summary: "Try the failed items of a batch again",
        description:
          "All that failed, whatever for, once the batch has finished: a bucket may have been opened meanwhile. The lines of the others stay. The batch is active again until its next end, which is announced as another event, and from which on its results are kept as long as from the first. Uploads are kept for it where an item's error is `retryable`; an item whose upload is gone fails with `upload_not_found`.",
        tags: ["batches"],
        params: BatchParams,
        response: { 202: refer(Batch), ...problemAnswers },
      },
    },
    async (request, reply) => {
      const id = batchId(request.params);
      const batch = await batches.retry(request.tenant.id, id, request.tenant.quotas);
      if (!batch) throw batchNotFound(id);
      return reply.code(202).header("location", batch.links.self).send(batch);
    },
  );
};

async function submit(services: ApiServices, request: FastifyRequest, body: BatchRequest) {
  const { batches, store, config, egress, uploads } = services;
  const { tenant } = request;
  const { plan, items, bodyHash } = batchCommandOf(body, {
    tenant,
    defaultTtlSeconds: config.RESULT_TTL_SECONDS,
    defaultDetector: config.DETECTOR,
  });
  const images = items.map((item) => labelled(item).image);
  for (const image of images) assertImageAllowed(services, tenant, image);
  if ("manifest" in plan.source) assertImageAllowed(services, tenant, plan.source.manifest);
  if ("prefix" in plan.source) assertPlaceAllowed(store, tenant, plan.source.prefix.s3);
  if (plan.output) await assertOutputAllowed(store, tenant, plan.output.s3);
  if (plan.webhook) egress.assertAllowed(plan.webhook.url);
  const key = request.headers["idempotency-key"];
  return batches.submit(plan, {
    items,
    uploads: await uploads.ownOf(tenant.id, uploadsOf({ images })),
    ...tenant.quotas,
    trace: callerTrace(request),
    requestId: request.id,
    ...(typeof key === "string" && { idempotency: { key, bodyHash: bodyHash() } }),
  });
}

/** What cannot be deleted now is on the list of a worker, which does it within minutes. */
async function deleteResults({ own, lines }: ApiServices, request: FastifyRequest, id: string, parts: number) {
  try {
    for (let part = 0; part < parts; part += 1) await own.batchPart(id, part).delete();
  } catch (error) {
    const fields = { requestId: request.id, err: error, batchId: id };
    lines.write("warn", fields, "results of an erased batch could not be deleted yet");
  }
}
