import { Problem } from "@facefleet/contracts";
import { refer } from "./components.js";

/** The answers that every route may give beside its own. Sent as text, so nothing of them is lost. */
export const problemAnswers = {
  "4xx": problem("The request cannot be done as it is; `code` says why, `errors` what is wrong where."),
  "5xx": problem("The service could not do it; `retryable` says whether the same request may succeed later."),
} as const;

function problem(description: string) {
  return { description, content: { "application/problem+json": { schema: refer(Problem) } } };
}
