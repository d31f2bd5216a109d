import type { FaceJobs, ObjectStore } from "@facefleet/platform";
import { within } from "./within.js";

const checkTimeoutMs = 1000;

/** Looks at everything that the API needs; each check says `ok` or, without inner detail, what is wrong. */
export async function checkDependencies(
  jobs: FaceJobs,
  store: ObjectStore,
): Promise<Record<"redis" | "store", string>> {
  const [redis, storage] = await Promise.all([
    verdict(jobs.ping(), "Redis does not answer"),
    verdict(store.ping(), "the object store does not answer"),
  ]);
  return { redis, store: storage };
}

/** Whether at least one worker is alive and warmed up. */
export async function hasWorker(jobs: FaceJobs): Promise<boolean> {
  return within(checkTimeoutMs, jobs.workers()).then(
    (workers) => workers.length > 0,
    () => false,
  );
}

export function allOk(checks: Record<string, string>): boolean {
  return Object.values(checks).every((check) => check === "ok");
}

async function verdict(check: Promise<unknown>, complaint: string): Promise<string> {
  return within(checkTimeoutMs, check).then(
    () => "ok",
    () => complaint,
  );
}
