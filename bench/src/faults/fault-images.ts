import type { ProblemCode } from "@facefleet/contracts";
import { crowd, drawnImages } from "../images/drawn-images.js";

/** How the job of an image ends, whatever breaks meanwhile. */
export type Ending =
  | { readonly state: "succeeded"; readonly faces: number }
  | { readonly state: "failed"; readonly code: ProblemCode };

export interface FaultImage {
  /** Where it is in the bucket of photos. */
  readonly key: string;
  /** Absent: there is no such object. */
  readonly bytes?: Buffer;
  readonly ending: Ending;
}

const shows = (faces: number): Ending => ({ state: "succeeded", faces });
const fails = (code: ProblemCode): Ending => ({ state: "failed", code });

/** Images as callers have them: mostly good ones, small, so that they take the fleet little time. */
export async function faultImages(): Promise<readonly FaultImage[]> {
  return [
    { key: "one.jpg", bytes: await drawnImages.oneFaceSmall(), ending: shows(1) },
    { key: "empty.jpg", bytes: await drawnImages.noFace(), ending: shows(0) },
    // With crops its result is one that the object store keeps.
    { key: "four.jpg", bytes: await crowd(2, 2), ending: shows(4) },
    { key: "text.jpg", bytes: await drawnImages.text(), ending: fails("unsupported_image_format") },
    { key: "cut.jpg", bytes: await drawnImages.cutShort(), ending: fails("image_undecodable") },
    { key: "absent.jpg", ending: fails("image_not_found") },
  ];
}
