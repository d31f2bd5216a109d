import type { Landmarks } from "@facefleet/contracts";
import type { CandidateBox } from "./candidate-box.js";

/** A face that went through the whole cascade. */
export interface Detection extends CandidateBox {
  readonly landmarks: Landmarks;
}
