import type { FaceJobPayload } from "@facefleet/contracts";
import { partOf, partThing } from "../../ledger/batch-part.js";

/** What a job is counted to on the ledger: itself, or the part of its batch. */
export function thingOf(id: string, { batch }: Pick<FaceJobPayload, "batch">): string {
  return batch ? partThing(batch.id, partOf(batch.index)) : id;
}
