import { createHash } from "node:crypto";
import type { FaceJobPayload, ModelInfo } from "@facefleet/contracts";

/** What a job asks for, in one form: its task and options, and its images by their bytes. */
export function requestOf({ task, options }: FaceJobPayload, images: readonly Uint8Array[]): string {
  // Callers give options in any order.
  return JSON.stringify({ task, options: Object.entries(options).sort(), images: images.map(sha256) });
}

/** Of all that a result depends on: what is asked for, and the model that answers. */
export function requestDigest(request: string, { pack, fingerprint }: ModelInfo): string {
  return sha256(JSON.stringify([request, pack, fingerprint]));
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
