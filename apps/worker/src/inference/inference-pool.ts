import type { AnalysisOptions, CallOptions, FaceAnalysis } from "@facefleet/core";
import { InferenceClient, type InferenceClientOptions } from "./inference-client.js";
import type { InferenceInfo, InferenceVitals } from "./protocol.js";

export interface InferencePoolOptions extends InferenceClientOptions {
  /** On a CPU; a GPU has one. */
  readonly processes: number;
}

interface Member {
  readonly client: InferenceClient;
  /** Images that it has now. */
  images: number;
  vitals: InferenceVitals | undefined;
}

/**
 * Inference processes that share the work: each image goes to the one that has the fewest. On a CPU several with few
 * threads each do more than one with all of them: what runs on one thread in one process runs beside the others.
 */
export class InferencePool {
  readonly #options: InferencePoolOptions;
  readonly #members: Member[] = [];

  constructor(options: InferencePoolOptions) {
    this.#options = options;
  }

  /** Whether an image given now would go straight to a warm process. */
  get ready(): boolean {
    return this.#members.some(({ client }) => client.ready);
  }

  /** Of the processes that are there now. */
  get pids(): number[] {
    return this.#members.flatMap(({ client }) => client.pid ?? []);
  }

  /** Resolves once every process is warm; rejects with one sentence when one cannot start. Call it once, first. */
  async start(): Promise<void> {
    const { device } = await this.#add().start();
    const more = device === "cpu" ? this.#options.processes - 1 : 0;
    await Promise.all(Array.from({ length: more }, () => this.#add().start()));
  }

  /** As `InferenceClient.analyse`. */
  async analyse(bytes: Uint8Array, options: AnalysisOptions, call?: CallOptions): Promise<FaceAnalysis> {
    const member = this.#leastBusy();
    member.images++;
    try {
      return await member.client.analyse(bytes, options, call);
    } finally {
      member.images--;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(({ client }) => client.close()));
  }

  #add(): InferenceClient {
    const { onReady, onLost, onVitals } = this.#options;
    const member: Member = {
      images: 0,
      vitals: undefined,
      client: new InferenceClient({
        ...this.#options,
        onReady: (info: InferenceInfo) => {
          // The pool is what is ready or lost.
          if (this.#members.filter(({ client }) => client.ready).length === 1) onReady?.(info);
        },
        onLost: () => {
          member.vitals = undefined;
          if (!this.ready) onLost?.();
        },
        onVitals: (vitals) => {
          member.vitals = vitals;
          onVitals?.(together(this.#members.flatMap((one) => one.vitals ?? [])));
        },
      }),
    };
    this.#members.push(member);
    return member.client;
  }

  #leastBusy(): Member {
    const ready = this.#members.filter(({ client }) => client.ready);
    const candidates = ready.length > 0 ? ready : this.#members;
    return candidates.reduce((best, member) => (member.images < best.images ? member : best));
  }
}

/** What all processes hold, and how late the slowest is. */
function together(all: readonly InferenceVitals[]): InferenceVitals {
  const total = (value: (vitals: InferenceVitals) => number) => all.reduce((sum, vitals) => sum + value(vitals), 0);
  const counted = all.every(({ tensors }) => tensors !== undefined);
  return {
    rssBytes: total(({ rssBytes }) => rssBytes),
    heapBytes: total(({ heapBytes }) => heapBytes),
    resources: total(({ resources }) => resources),
    ...(counted && {
      tensors: total(({ tensors = 0 }) => tensors),
      tensorBytes: total(({ tensorBytes = 0 }) => tensorBytes),
    }),
    eventLoopDelayMs: Math.max(...all.map(({ eventLoopDelayMs }) => eventLoopDelayMs)),
  };
}
