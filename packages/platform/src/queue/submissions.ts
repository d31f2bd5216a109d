import { ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { type Applicant, tooManyJobs } from "./admission.js";
import { admitAndQueue, queueingOf } from "./admit-and-queue.js";
import type { FaceQueue } from "./face-queue.js";
import type { QueueKeys } from "./queue-keys.js";
import { RedisScript } from "./redis-script.js";

const queueAll = new RedisScript<number[]>(`${admitAndQueue} return admitAndQueue(#ARGV)`);

interface Submission {
  readonly applicant: Applicant;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** With more, Redis and we would wait for each other instead of working at the same time. */
const mostTogether = 16;

/** Queues jobs. Those that come in the same turn of the event loop go together, at a third of what each alone costs. */
export class Submissions {
  #arrived: Submission[] = [];

  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly queue: FaceQueue,
  ) {}

  /** @throws ProblemError `too_many_jobs`, `upload_not_found` */
  add(applicant: Applicant): Promise<void> {
    return new Promise((resolve, reject) => {
      const count = this.#arrived.push({ applicant, resolve, reject });
      if (count === 1) setImmediate(() => this.#queueArrived());
      if (count === mostTogether) this.#queueArrived();
    });
  }

  #queueArrived(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const alike of groupsOf(arrived)) void this.#queueAlike(alike);
  }

  async #queueAlike(submissions: readonly Submission[]): Promise<void> {
    try {
      const refused = new Set(await this.#run(submissions.map(({ applicant }) => applicant)));
      for (const [index, { applicant, resolve, reject }] of submissions.entries()) {
        if (refused.has(index + 1)) reject(tooManyJobs(applicant));
        else if (refused.has(-(index + 1))) reject(uploadDoomed());
        else resolve();
      }
    } catch (error) {
      for (const { reject } of submissions) reject(error);
    }
  }

  #run(applicants: readonly Applicant[]): Promise<number[]> {
    const { keys, args } = queueingOf(applicants[0]!, applicants, this.keys, this.queue);
    return queueAll.run(this.redis, keys, args);
  }
}

function uploadDoomed(): ProblemError {
  return new ProblemError("upload_not_found", "Expected an upload that is to stay but it is about to be deleted.");
}

/** Each of one tenant, priority, quota and kind. */
function groupsOf(submissions: readonly Submission[]): Submission[][] {
  const groups = new Map<string, Submission[]>();
  for (const submission of submissions) {
    const { payload, priority, maxQueuedJobs } = submission.applicant;
    const kind = `${payload.tenant} ${priority} ${maxQueuedJobs} ${payload.batch?.id ?? ""}`;
    const group = groups.get(kind);
    if (group) group.push(submission);
    else groups.set(kind, [submission]);
  }
  return [...groups.values()];
}
