import type { Redis } from "ioredis";
import { refused } from "../../ledger/quotas.js";
import type { QueueKeys } from "../../redis/queue-keys.js";
import { as, script } from "../../redis/script.js";
import type { FaceQueue } from "../job/face-queue.js";
import type { Applicant } from "./admission.js";
import { queueing, queueingOf } from "./admit-and-queue.js";

const queueAll = script({ uses: [queueing], answer: as<number[]>() }, "return admitAndQueue()");

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

  /** @throws ProblemError `too_many_jobs`, `too_much_kept`, `too_much_stored`, `upload_not_found` */
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
      const reasons = reasonsIn(await this.#run(submissions.map(({ applicant }) => applicant)));
      for (const [index, { applicant, resolve, reject }] of submissions.entries()) {
        const reason = reasons.get(index + 1);
        if (reason === undefined) resolve();
        else reject(refused(reason, applicant));
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

/** By the place of what is refused. */
function reasonsIn(answer: readonly number[]): Map<number, number> {
  const reasons = new Map<number, number>();
  for (let at = 0; at < answer.length; at += 2) reasons.set(answer[at]!, answer[at + 1]!);
  return reasons;
}

/** Each of one tenant, priority, quotas and kind. */
function groupsOf(submissions: readonly Submission[]): Submission[][] {
  const groups = new Map<string, Submission[]>();
  for (const submission of submissions) {
    const { payload, priority, maxQueuedJobs, maxKeptBytes, maxStoredBytes } = submission.applicant;
    const quotas = `${maxQueuedJobs} ${maxKeptBytes} ${maxStoredBytes}`;
    const kind = `${payload.tenant} ${priority} ${quotas} ${payload.batch?.id ?? ""}`;
    const group = groups.get(kind);
    if (group) group.push(submission);
    else groups.set(kind, [submission]);
  }
  return [...groups.values()];
}
