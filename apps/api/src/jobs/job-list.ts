import { JobList, jobStates } from "@facefleet/contracts";
import { Type } from "typebox";
import type { Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { problemAnswers } from "../wire/problem-schema.js";

const defaultLimit = 20;
const ListQuery = Type.Object(
  {
    state: Type.Optional(Type.Enum(jobStates, { description: "Only jobs that are in this state." })),
    cursor: Type.Optional(Type.String({ maxLength: 200, description: "The `cursor` of the page before." })),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, default: defaultLimit, description: "The most jobs of the page." }),
    ),
  },
  { additionalProperties: false },
);

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
        querystring: ListQuery,
        response: { 200: refer(JobList), ...problemAnswers },
      },
    },
    (request) => jobs.list(request.tenant.id, { limit: defaultLimit, ...request.query }),
  );
};
