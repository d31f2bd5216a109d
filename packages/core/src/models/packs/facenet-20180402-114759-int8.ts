import type { PackManifest } from "../pack-manifest.js";
import { facenet20180402 } from "./facenet-20180402-114759.js";
import made from "./facenet-20180402-114759.weights.json" with { type: "json" };
import distances from "./facenet-20180402-114759-int8.distances.json" with { type: "json" };

/**
 * The same networks with FaceNet in 8 bits, as `facefleet models quantise` makes it (docs/adr/0028): a third of the size
 * and of the time on a CPU with VNNI.
 */
export const facenet20180402Int8 = {
  ...facenet20180402,
  name: "facenet-20180402-114759-int8",
  weights: made["facenet-20180402-114759-int8"],
  origin: { kind: "built-in", file: "facenet-20180402-114759-int8.safetensors" },
  embedder: { ...facenet20180402.embedder, wholePixels: true },
  distances,
} as const satisfies PackManifest;
