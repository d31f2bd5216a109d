import { setTimeout as sleep } from "node:timers/promises";
import { FacefleetClient } from "@facefleet/client";
import { type BatchLine, facesIn, type Job, type JobResult, type Problem } from "@facefleet/contracts";
import type { ObjectPlace, ObjectStore } from "@facefleet/platform";
import type { FaultFleet } from "./fault-fleet.js";
import type { Ending } from "./fault-images.js";
import { inPool } from "./in-pool.js";
import type { Submission } from "./submission.js";

/** How many there were of something, and how many of them not as they must be. */
export interface Count {
  accepted: number;
  lost: number;
  doubled: number;
  /** Failed, or ended in another way than they must, for something that was not the caller's. */
  failed: number;
}

const atOnce = 16;
const largestOutput = 10_000_000;
/** For all that was accepted to end, once everything is well again. */
const endsWithinMs = 180_000;
/** For all ends to be announced. */
const announcedWithinMs = 90_000;

const noCount = (): Count => ({ accepted: 0, lost: 0, doubled: 0, failed: 0 });

/** Looks, once everything is well again, whether all that was accepted has ended as it must, once. */
export class Audit {
  readonly counts = { jobs: noCount(), items: noCount(), batches: noCount(), webhooks: noCount() };
  /** What must never be, a sentence each. */
  readonly broken: string[] = [];
  /** Announcements that were asked for again because their next attempt was minutes away. */
  resent = 0;
  readonly #client: FacefleetClient;
  readonly #deadline = performance.now() + endsWithinMs;

  constructor(
    private readonly fleet: FaultFleet,
    private readonly submissions: readonly Submission[],
    private readonly store: ObjectStore,
  ) {
    this.#client = new FacefleetClient({ url: fleet.apiUrls[0]! });
  }

  async run(): Promise<void> {
    await this.#findDoubledJobs();
    for (const submission of this.submissions) this.#assertTaken(submission);
    await inPool(this.#idsOf("job"), atOnce, ([id, submission]) => this.#checkJob(id, submission));
    await inPool(this.#idsOf("batch"), atOnce, ([id, submission]) => this.#checkBatch(id, submission));
    await this.#checkAnnouncements();
  }

  /** Erases all there is. */
  async erase(): Promise<void> {
    await inPool(this.#idsOf("job"), atOnce, ([id]) => this.#client.cancel(id));
    await inPool(this.#idsOf("batch"), atOnce, ([id]) => this.#client.cancelBatch(id));
  }

  #idsOf(kind: Submission["kind"]): [id: string, submission: Submission][] {
    const those = this.submissions.filter((submission) => submission.kind === kind);
    return those.flatMap((submission) => [...submission.ids].map((id) => [id, submission] as [string, Submission]));
  }

  /** A job that no answer named is one too many, or that of a caller who lost the answer. */
  async #findDoubledJobs(): Promise<void> {
    const byRequest = new Map(this.submissions.map((submission) => [submission.request, submission]));
    for await (const { id, metadata } of this.#client.jobs()) byRequest.get(metadata?.request ?? "")?.ids.add(id);
  }

  #assertTaken({ request, kind, ids, fault, isUncertain }: Submission): void {
    const count = kind === "job" ? this.counts.jobs : this.counts.batches;
    count.accepted += Math.min(ids.size, 1);
    if (ids.size > 1) {
      count.doubled += ids.size - 1;
      this.broken.push(`request ${request} made ${[...ids].join(", ")}`);
    }
    if (ids.size === 0 && !isUncertain) this.broken.push(`request ${request} (${kind}) was never taken: ${fault}`);
  }

  async #checkJob(id: string, { endings: [ending] }: Submission): Promise<void> {
    const { jobs } = this.counts;
    try {
      const job = await this.#client.wait(id, { timeoutMs: this.#leftMs });
      this.#compare(jobs, `job ${id}`, job, ending!);
    } catch (error) {
      jobs.lost += 1;
      this.broken.push(`job ${id} has not ended: ${error}`);
    }
  }

  async #checkBatch(id: string, { endings }: Submission): Promise<void> {
    const { batches } = this.counts;
    try {
      const batch = await this.#client.waitForBatch(id, { timeoutMs: this.#leftMs });
      if (batch.state !== "finished") {
        batches.failed += 1;
        this.broken.push(`batch ${id} ${batch.state}: ${batch.error?.code} ${batch.error?.detail ?? ""}`);
        return;
      }
      await this.#checkItems(id, endings);
      if (batch.output) await this.#checkOutput(id, batch.output.s3, endings.length);
    } catch (error) {
      batches.lost += 1;
      this.broken.push(`batch ${id} has not ended: ${error}`);
    }
  }

  async #checkItems(id: string, endings: readonly Ending[]): Promise<void> {
    const { items } = this.counts;
    const seen = new Map<number, number>();
    for await (const line of this.#client.batchResults(id)) {
      seen.set(line.index, (seen.get(line.index) ?? 0) + 1);
      const ending = endings[line.index];
      if (ending) this.#compare(items, `item ${line.index} of ${id}`, line, ending);
    }
    const twice = [...seen].filter(([index, times]) => times > 1 || index >= endings.length).length;
    const missing = endings.filter((_, index) => !seen.has(index)).length;
    items.accepted += endings.length;
    items.doubled += twice;
    items.lost += missing;
    if (twice + missing > 0) this.broken.push(`batch ${id} has ${missing} items without a line and ${twice} too many`);
  }

  /** The copy that the caller wanted has a line for each item, too. */
  async #checkOutput(id: string, place: ObjectPlace, items: number): Promise<void> {
    const { keys } = await this.store.list(place, { limit: 10 });
    const parts = await Promise.all(
      keys.map((key) => this.store.get({ bucket: place.bucket, key }, { maxBytes: largestOutput })),
    );
    const lines = parts.flatMap((part) => part.toString().trim().split("\n"));
    const indexes = new Set(lines.map((line) => (JSON.parse(line) as BatchLine).index));
    if (lines.length === items && indexes.size === items) return;
    this.counts.items.lost += Math.max(0, items - indexes.size);
    this.broken.push(`the output of batch ${id} has ${lines.length} lines in ${keys.join(", ")}`);
  }

  #compare(count: Count, what: string, end: Job | BatchLine, ending: Ending): void {
    const [is, mustBe] = [sentence(end.state, end.result, end.error), sentenceOf(ending)];
    if (is === mustBe) return;
    count.failed += 1;
    this.broken.push(`${what} ${is}; it must have ${mustBe} (${end.error?.detail ?? ""})`);
  }

  /** Every end once, under one id. */
  async #checkAnnouncements(): Promise<void> {
    const subjects = [...this.#idsOf("job"), ...this.#idsOf("batch")].map(([id]) => id);
    const { webhooks } = this.counts;
    webhooks.accepted = subjects.length;
    await this.#untilAnnounced(subjects);
    await inPool(this.#missing(subjects), atOnce, (subject) => this.#sendAgain(subject));
    await this.#untilAnnounced(subjects);
    for (const subject of this.#missing(subjects)) {
      webhooks.lost += 1;
      const { state, attempts } = await this.#client.webhookAttempts(subject);
      this.broken.push(`the end of ${subject} was not announced: ${state} after ${JSON.stringify(attempts)}`);
    }
    this.#assertAnnouncedOnce(new Set(subjects));
  }

  #assertAnnouncedOnce(subjects: ReadonlySet<string>): void {
    for (const [subject, ids] of this.fleet.receiver.idsBySubject()) {
      if (subjects.has(subject) && ids.length === 1) continue;
      this.counts.webhooks.doubled += 1;
      const whose = subjects.has(subject) ? subject : `${subject}, which nobody submitted,`;
      this.broken.push(`the end of ${whose} was announced as ${ids.join(", ")}`);
    }
    this.broken.push(...this.fleet.receiver.faults);
  }

  async #untilAnnounced(subjects: readonly string[]): Promise<void> {
    const giveUp = performance.now() + announcedWithinMs;
    while (this.#missing(subjects).length > 0 && performance.now() < giveUp) await sleep(500);
  }

  #missing(subjects: readonly string[]): string[] {
    const announced = this.fleet.receiver.idsBySubject();
    return subjects.filter((subject) => !announced.has(subject));
  }

  /** What failed twice is tried again after minutes: one that only waits for that need not be waited for. */
  async #sendAgain(subject: string): Promise<void> {
    const { attempts } = await this.#client.webhookAttempts(subject);
    if (Date.parse(attempts.at(-1)?.nextAttemptAt ?? "") > Date.now()) {
      this.resent += 1;
      await this.#client.resendWebhook(subject);
    }
  }

  get #leftMs(): number {
    return Math.max(1, this.#deadline - performance.now());
  }
}

function sentenceOf(ending: Ending): string {
  return ending.state === "succeeded" ? `succeeded with ${ending.faces} faces` : `failed ${ending.code}`;
}

function sentence(state: string, result: JobResult | undefined, error: Problem | undefined): string {
  if (state === "succeeded") return `succeeded with ${result && facesIn(result)} faces`;
  return error ? `${state} ${error.code}` : state;
}
