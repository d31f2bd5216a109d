import { type ImageRef, ProblemError } from "@facefleet/contracts";
import type { StoredImage } from "./image-intake.js";

/** An image of a request. */
export interface ReceivedImage {
  /** Where it is now. */
  readonly ref: ImageRef;
  /** What it is to whoever compares two requests: its content, where it came along, or its reference. */
  readonly identity: unknown;
}

export function receivedUpload({ uploadId, sha256 }: StoredImage): ReceivedImage {
  return { ref: { upload: uploadId }, identity: sha256 };
}

const aboutImage: ReadonlySet<string> = new Set(["image_too_large", "empty_image"]);

/** Says of several images which one a problem is about. */
export function about(place: string, error: unknown): unknown {
  if (!(error instanceof ProblemError) || !aboutImage.has(error.code)) return error;
  return new ProblemError(error.code, `In ${place}: ${error.message}`, { cause: error, extras: error.extras });
}
