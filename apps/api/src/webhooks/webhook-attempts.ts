import { type ProblemError, WebhookAttempts } from "@facefleet/contracts";
import { BatchParams, batchId, batchNotFound } from "../batches/batch-address.js";
import { JobParams, jobId, jobNotFound } from "../jobs/job-address.js";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { problemAnswers } from "../wire/problem-schema.js";

/** What can have a webhook. */
interface Subject {
  readonly name: "job" | "batch";
  readonly path: string;
  readonly params: typeof JobParams;
  readonly ids: { readonly list: string; readonly resend: string };
  idOf(params: { readonly id: string }): string;
  notFound(id: string): ProblemError;
}

const subjects: readonly Subject[] = [
  {
    name: "job",
    path: "/v1/jobs/:id/webhook-attempts",
    params: JobParams,
    ids: { list: "listWebhookAttempts", resend: "resendWebhook" },
    idOf: jobId,
    notFound: jobNotFound,
  },
  {
    name: "batch",
    path: "/v1/batches/:id/webhook-attempts",
    params: BatchParams,
    ids: { list: "listBatchWebhookAttempts", resend: "resendBatchWebhook" },
    idOf: batchId,
    notFound: batchNotFound,
  },
];

/** How the announcement of an end went, and announcing it again. */
export const webhookAttemptRoutes: Routes = async (app, { jobs, batches }) => {
  for (const { name, path, params, ids, idOf, notFound } of subjects) {
    const owner = name === "job" ? jobs : batches;

    app.get(
      path,
      {
        schema: {
          operationId: ids.list,
          summary: `How the announcement of a ${name}'s end went`,
          tags: ["webhooks"],
          params,
          response: { 200: refer(WebhookAttempts), ...problemAnswers },
        },
      },
      async (request) => {
        const id = idOf(request.params);
        const attempts = await owner.webhookAttempts(request.tenant.id, id);
        if (!attempts) throw notFound(id);
        return attempts;
      },
    );

    app.post(
      path,
      {
        schema: {
          operationId: ids.resend,
          summary: `Announce a ${name}'s end again`,
          description:
            "The same event, under the same `webhook-id`, at once and with all its retries, whatever became of it. That it is delivered also ends what an answer of 410 began.",
          tags: ["webhooks"],
          params,
          response: { 202: refer(WebhookAttempts), ...problemAnswers },
        },
      },
      async (request, reply) => {
        const id = idOf(request.params);
        const attempts = await owner.resendWebhook(request.tenant.id, id);
        if (!attempts) throw notFound(id);
        return reply.code(202).send(attempts);
      },
    );
  }
};
