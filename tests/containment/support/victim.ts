import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

export type Question = "livez" | "jobs" | "detect";

interface Asked {
  readonly id: number;
  readonly question: Question;
  /** Milliseconds since 1970. */
  readonly at: number;
  answer?: Answer;
}

interface Answer {
  readonly ms: number;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly text: string;
}

export interface Figures {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Answers of 500 and above, none at all, and refusals. */
  readonly failures: readonly string[];
}

/** A tenant that uses the service all the time and notices how it is served. */
export class Victim {
  readonly #thread: Worker;
  readonly #asked = new Map<number, Asked>();

  constructor(target: { readonly url: string; readonly key: string; readonly image: Uint8Array }) {
    this.#thread = new Worker(new URL("victim.mjs", import.meta.url), { workerData: target });
    this.#thread.on("message", ({ id, answer, ...rest }: Asked) => {
      const asked = this.#asked.get(id);
      if (asked && answer) asked.answer = answer;
      else this.#asked.set(id, { id, ...rest });
    });
  }

  /** How questions were answered that were asked while something was done. */
  async during(work: () => Promise<unknown>): Promise<Record<Question, Figures>> {
    const from = Date.now();
    await work();
    const to = Date.now();
    const asked = [...this.#asked.values()].filter(({ at }) => at >= from && at < to);
    while (asked.some(({ answer }) => !answer)) await sleep(50);
    const figures = (question: Question) =>
      figuresOf(asked.flatMap((one) => (one.question === question && one.answer ? [one.answer] : [])));
    return { livez: figures("livez"), jobs: figures("jobs"), detect: figures("detect") };
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

function figuresOf(answers: readonly Answer[]): Figures {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const percentile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return {
    count: answers.length,
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    max: percentile(1),
    failures: answers.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text}`),
  };
}
