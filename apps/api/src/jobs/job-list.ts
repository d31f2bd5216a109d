import { JobList, jobStates } from "@facefleet/contracts";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { defaultLimit, listQuery } from "../wire/list-query.js";
import { problemAnswers } from "../wire/problem-schema.js";

/** The caller's own jobs. */
export const jobListRoutes: Routes = async (app, { jobs }) => {
  app.get(
    "/v1/jobs",
    {
      schema: {
        operationId: "listJobs",
        summary: "List your jobs, newest first",
        description:
          "Without the items of batches. A page may hold fewer jobs than asked for, or none, and still have a `cursor`: with `state`, and where jobs have much metadata.",
        tags: ["jobs"],
        querystring: listQuery("jobs", jobStates),
        response: { 200: refer(JobList), ...problemAnswers },
      },
    },
    (request) => jobs.list(request.tenant.id, { limit: defaultLimit, ...request.query }),
  );
};
