import { FleetAnswer } from "@facefleet/contracts";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { problemAnswers } from "../wire/problem-schema.js";

/** Who works, and what is left to do. */
export const fleetRoutes: Routes = async (app, { jobs, observer }) => {
  app.get(
    "/v1/fleet",
    {
      schema: {
        operationId: "getFleet",
        summary: "The ready workers with what they do, and what waits for them",
        description: "Of all tenants together. The same numbers are in the metrics.",
        tags: ["operations"],
        response: { 200: refer(FleetAnswer), ...problemAnswers },
      },
    },
    async () => {
      const [workers, state] = await Promise.all([jobs.workers(), observer.look()]);
      return { workers, ...state };
    },
  );
};
