import { BatchList, batchStates } from "@facefleet/contracts";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { defaultLimit, listQuery } from "../wire/list-query.js";
import { problemAnswers } from "../wire/problem-schema.js";

/** The caller's own batches. */
export const batchListRoutes: Routes = async (app, { batches }) => {
  app.get(
    "/v1/batches",
    {
      schema: {
        operationId: "listBatches",
        summary: "List your batches, newest first",
        description:
          "Those that have ended too, until they are forgotten. A page may hold fewer batches than asked for, or none, and still have a `cursor`: with `state`, and where batches have much metadata.",
        tags: ["batches"],
        querystring: listQuery("batches", batchStates),
        response: { 200: refer(BatchList), ...problemAnswers },
      },
    },
    (request) => batches.list(request.tenant.id, { limit: defaultLimit, ...request.query }),
  );
};
