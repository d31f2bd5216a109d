import type { CallOptions } from "./dynamic-batcher.js";
import { type Admitted, WeightedSemaphore } from "./weighted-semaphore.js";

/** Where there is room for decoded images. */
export interface ImageMemory {
  /** Resolves once there is room for so many bytes. Rejects with the call's signal's reason. */
  acquire(bytes: number, call: CallOptions): Promise<Admitted>;
}

/** In bytes. */
const usual = 512 * 2 ** 20;

/** Room for so many bytes: a quarter for urgent images only, and a quarter for flows that have none in it. */
export function imageMemory(bytes = usual): ImageMemory {
  return new WeightedSemaphore({ limit: bytes, urgentOnly: bytes / 4, firstOnly: bytes / 4 });
}
