import type { PinnedWeights } from "../pack-manifest.js";
import weights from "./yunet.weights.json" with { type: "json" };

/** YuNet's weights: a file of their own, which comes along with the software and serves every pack (docs/adr/0031). */
export const yunetWeights = {
  name: "yunet",
  origin: { kind: "built-in", file: "yunet-n.safetensors" },
  weights,
} as const satisfies PinnedWeights;

/** What they were made from, by `facefleet models yunet`. */
export const yunetSource = {
  url: "https://github.com/ShiqiYu/libfacedetection.train/raw/0047ac24/onnx/yunet_n_dynamic.onnx",
  licence: "Apache-2.0, from ShiqiYu/libfacedetection.train.",
  bytes: 322_906,
  sha256: "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
} as const;
