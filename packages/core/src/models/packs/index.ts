import type { PackManifest } from "../pack-manifest.js";
import { facenet20180402 } from "./facenet-20180402-114759.js";
import { facenet20180402Int8 } from "./facenet-20180402-114759-int8.js";

/** Every pack, the default first. */
export const packs = [facenet20180402Int8, facenet20180402] as const satisfies readonly PackManifest[];
