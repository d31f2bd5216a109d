import type { PackManifest } from "../pack-manifest.js";

export const facenet20180402Distances: PackManifest["distances"] = { standard: [], high: [] };
