import { Problem } from "@facefleet/contracts";
import { refer } from "./components.js";

/** The answers that every route may give beside its own. Sent as text, so nothing of them is lost. */
export const problemAnswers = {
  default: {
    description: "A problem; its `code` is one of the error table's.",
    content: { "application/problem+json": { schema: refer(Problem) } },
  },
} as const;
