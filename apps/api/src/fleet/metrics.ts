import { Type } from "typebox";
import type { Routes } from "../services.js";

/** For Prometheus. */
export const metricsRoutes: Routes = async (app, { metrics }) => {
  app.get(
    "/metrics",
    {
      config: { public: true },
      schema: {
        operationId: "getMetrics",
        summary: "Metrics in Prometheus' text format",
        tags: ["operations"],
        response: { 200: { description: "Metrics", content: { "text/plain": { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()),
  );
};
