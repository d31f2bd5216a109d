import { ModelsAnswer } from "@facefleet/contracts";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { problemAnswers } from "../wire/problem-schema.js";

/** What the fleet computes with. */
export const modelRoutes: Routes = async (app, { jobs }) => {
  app.get(
    "/v1/models",
    {
      schema: {
        operationId: "listModels",
        summary: "The ready workers with their models, engines and devices",
        tags: ["operations"],
        response: { 200: refer(ModelsAnswer), ...problemAnswers },
      },
    },
    async () => ({ workers: await jobs.workers() }),
  );
};
