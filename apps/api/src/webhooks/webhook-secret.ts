import { WebhookSecret } from "@facefleet/contracts";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { problemAnswers } from "../wire/problem-schema.js";

/** What the caller's webhooks are signed with. */
export const webhookSecretRoutes: Routes = async (app, { webhookSecrets }) => {
  app.get(
    "/v1/webhook-secret",
    {
      schema: {
        operationId: "getWebhookSecret",
        summary: "The secret that your webhooks are signed with",
        description: "To be given to any library of Standard Webhooks. It is made when it is first needed.",
        tags: ["webhooks"],
        response: { 200: refer(WebhookSecret), ...problemAnswers },
      },
    },
    async ({ tenant }, reply) => {
      return reply.header("cache-control", "no-store").send(await webhookSecrets.current(tenant.id));
    },
  );

  app.post(
    "/v1/webhook-secret/rotate",
    {
      schema: {
        operationId: "rotateWebhookSecret",
        summary: "Make a new secret",
        description:
          "For 24 hours webhooks are signed with the secret until now as well, also when it is rotated again, up to ten times. Asked for again within five minutes it is the same rotation: a lost answer may be asked for.",
        tags: ["webhooks"],
        response: { 200: refer(WebhookSecret), ...problemAnswers },
      },
    },
    async ({ tenant }, reply) => {
      return reply.header("cache-control", "no-store").send(await webhookSecrets.rotate(tenant.id));
    },
  );
};
