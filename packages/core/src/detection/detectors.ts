import type { DetectorName } from "@facefleet/contracts";
import type { LoadDetector } from "./detector.js";
import { Mtcnn } from "./mtcnn.js";
import { Yunet } from "./yunet.js";

/**
 * Every detector, by the name that jobs ask for it by. A new one is a line here, its name in `detectorNames` of the
 * contracts, and its settings in the packs, which its embeddings' fingerprint is made of.
 */
export const detectors: Readonly<Record<DetectorName, LoadDetector>> = {
  mtcnn: Mtcnn.load,
  yunet: Yunet.load,
};
