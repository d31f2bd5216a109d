import { WebhookAttempts } from "@facefleet/contracts";
import { JobParams, jobId, jobNotFound } from "../job-address.js";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { problemAnswers } from "../wire/problem-schema.js";

/** How the announcement of a job's end went, and announcing it again. */
export const webhookAttemptRoutes: Routes = async (app, { jobs }) => {
  app.get(
    "/v1/jobs/:id/webhook-attempts",
    {
      schema: {
        operationId: "listWebhookAttempts",
        summary: "How the announcement of a job's end went",
        tags: ["webhooks"],
        params: JobParams,
        response: { 200: refer(WebhookAttempts), ...problemAnswers },
      },
    },
    async ({ params, tenant }) => {
      const id = jobId(params);
      const attempts = await jobs.webhookAttempts(tenant.id, id);
      if (!attempts) throw jobNotFound(id);
      return attempts;
    },
  );

  app.post(
    "/v1/jobs/:id/webhook-attempts",
    {
      schema: {
        operationId: "resendWebhook",
        summary: "Announce a job's end again",
        description:
          "The same event, under the same `webhook-id`, at once and with all its retries, whatever became of it. That it is delivered also ends what an answer of 410 began.",
        tags: ["webhooks"],
        params: JobParams,
        response: { 202: refer(WebhookAttempts), ...problemAnswers },
      },
    },
    async ({ params, tenant }, reply) => {
      const id = jobId(params);
      const attempts = await jobs.resendWebhook(tenant.id, id);
      if (!attempts) throw jobNotFound(id);
      return reply.code(202).send(attempts);
    },
  );
};
