import type { CallOptions } from "./dynamic-batcher.js";
import { type Admitted, WeightedSemaphore } from "./weighted-semaphore.js";

/** Where there is room for decoded images. */
export interface ImageMemory {
  /** Resolves once there is room for so many bytes. Rejects with the call's signal's reason. */
  acquire(bytes: number, call: CallOptions): Promise<Admitted>;
}

/** In bytes. */
const usual = 384 * 2 ** 20;

/** Room for so many bytes, a third of it for urgent images only. */
export function imageMemory(bytes = usual): ImageMemory {
  return new WeightedSemaphore({ limit: bytes, urgentOnly: bytes / 3 });
}
