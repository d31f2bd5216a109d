import { ProbeAnswer } from "@facefleet/contracts";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { allOk, checkDependencies } from "./dependency-checks.js";

/** For whoever starts, watches and balances processes. */
export const probeRoutes: Routes = async (app, { jobs, store, stopping }) => {
  app.get(
    "/livez",
    {
      config: { public: true },
      schema: {
        operationId: "getLiveness",
        summary: "Whether the process is alive",
        tags: ["operations"],
        response: { 200: refer(ProbeAnswer) },
      },
    },
    async () => ({ status: "ok" as const, checks: {} }),
  );

  app.get(
    "/readyz",
    {
      config: { public: true },
      schema: {
        operationId: "getReadiness",
        summary: "Whether requests should be sent to this process",
        tags: ["operations"],
        response: { 200: refer(ProbeAnswer), 503: refer(ProbeAnswer) },
      },
    },
    async (_request, reply) => {
      const checks = {
        ...(await checkDependencies(jobs, store)),
        ...(stopping.aborted && { process: "is stopping" }),
      };
      const ready = allOk(checks);
      return reply.code(ready ? 200 : 503).send({ status: ready ? "ok" : "unavailable", checks });
    },
  );
};
