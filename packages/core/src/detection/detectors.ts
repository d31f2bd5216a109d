import type { DetectorName } from "@facefleet/contracts";
import type { LoadDetector } from "./detector.js";
import { Mtcnn } from "./mtcnn.js";
import { Yunet } from "./yunet.js";

/** How each detector is loaded. */
export const detectors: Readonly<Record<DetectorName, LoadDetector>> = {
  mtcnn: Mtcnn.load,
  yunet: Yunet.load,
};
