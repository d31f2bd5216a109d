import type { Logger } from "../logging/index.js";
import type { ObjectStore } from "./object-store.js";

/** Tells whoever reads the log, at a process' start, what cannot be promised of the store as it was set up. Never rejects. */
export async function logNotices(store: ObjectStore, logger: Logger): Promise<void> {
  try {
    for (const notice of await store.notices()) logger.warn(notice);
  } catch (error) {
    logger.warn({ err: error }, "how the object store was set up could not be seen");
  }
}
