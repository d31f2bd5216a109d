import type * as contracts from "@facefleet/contracts";
import { expectTypeOf, it } from "vitest";
import type * as wire from "../src/wire.js";

/* Checked by the compiler (npm run check:types). */
it("is what the contracts say", () => {
  expectTypeOf<wire.Job>().toExtend<contracts.Job>();
  expectTypeOf<contracts.Job>().toExtend<wire.Job>();
  expectTypeOf<wire.JobRequest>().toExtend<contracts.JobRequest>();
  expectTypeOf<contracts.JobRequest>().toExtend<wire.JobRequest>();
  expectTypeOf<wire.BatchRequest>().toExtend<contracts.BatchRequest>();
  expectTypeOf<contracts.BatchRequest>().toExtend<wire.BatchRequest>();
  expectTypeOf<wire.BatchLine>().toExtend<contracts.BatchLine>();
  expectTypeOf<contracts.BatchLine>().toExtend<wire.BatchLine>();
  expectTypeOf<wire.WebhookEvent>().toExtend<contracts.WebhookEvent>();
  expectTypeOf<contracts.WebhookEvent>().toExtend<wire.WebhookEvent>();
});
