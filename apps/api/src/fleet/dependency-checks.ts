import { type FaceJobs, type ObjectStore, redisFaultOf } from "@facefleet/platform";
import { within } from "./within.js";

const checkTimeoutMs = 1000;

/** Looks at everything that the API needs; each check says `ok` or, without inner detail, what is wrong. */
export async function checkDependencies(
  jobs: FaceJobs,
  store: ObjectStore,
): Promise<Record<"redis" | "store", string>> {
  const [redis, storage] = await Promise.all([
    redisVerdict(jobs),
    verdict(store.ping(), "the object store does not answer"),
  ]);
  return { redis, store: storage };
}

/**
 * A Redis that cannot be used as it is says why. One that is full is as good as any: results can be read, waited for and
 * erased, and submissions are answered for themselves.
 */
function redisVerdict(jobs: FaceJobs): Promise<string> {
  return within(checkTimeoutMs, jobs.redis.check()).then(
    () => "ok",
    (error: unknown) => {
      const fault = redisFaultOf(error);
      if (fault?.kind === "full") return "ok";
      return fault?.message ?? "Redis does not answer";
    },
  );
}

/** Looks whether the jobs of this moment would be done: a worker is alive and warmed up, and the queue gives it jobs. */
export async function checkWork(jobs: FaceJobs): Promise<Record<"workers" | "queue", string>> {
  const [workers, queue] = await Promise.all([
    within(checkTimeoutMs, jobs.workers()).then(
      ({ length }) => (length > 0 ? "ok" : "no worker is ready"),
      () => "it is not known whether a worker is ready",
    ),
    within(checkTimeoutMs, jobs.isPaused()).then(
      (isPaused) => (isPaused ? "the queue is paused" : "ok"),
      () => "it is not known whether the queue is paused",
    ),
  ]);
  return { workers, queue };
}

/** What is wrong, in words. */
export function faultsIn(checks: Record<string, string>): string {
  return Object.values(checks)
    .filter((check) => check !== "ok")
    .join("; ");
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
