import type { Admitted, CallOptions, ImageMemory } from "@facefleet/core";
import { orAborted } from "../or-aborted.js";
import type { InferenceReply, InferenceRequest } from "./protocol.js";

/* The memory for decoded images is one for all inference processes of a worker: each asks the worker for what it needs. */

/** The inference process's side. */
export class LentMemory implements ImageMemory {
  readonly #asked = new Map<number, () => void>();
  #lastId = 0;

  constructor(private readonly reply: (reply: InferenceReply) => void) {}

  async acquire(bytes: number, { urgent = false, flow = "", signal }: CallOptions): Promise<Admitted> {
    signal?.throwIfAborted();
    const id = ++this.#lastId;
    const lighten = (rest: number) => this.reply({ type: "memoryKept", id, bytes: rest });
    const lent = new Promise<void>((resolve) => this.#asked.set(id, resolve));
    this.reply({ type: "memoryWanted", id, bytes, urgent, flow });
    try {
      await orAborted(lent, signal);
    } catch (error) {
      lighten(0);
      throw error;
    } finally {
      this.#asked.delete(id);
    }
    return { lighten, release: () => lighten(0) };
  }

  lent(id: number): void {
    this.#asked.get(id)?.();
  }
}

/** The worker's side, for one process. */
export class MemoryLender {
  readonly #asked = new Map<number, AbortController>();
  readonly #lent = new Map<number, Admitted>();

  constructor(
    private readonly memory: ImageMemory,
    private readonly send: (request: InferenceRequest) => void,
  ) {}

  async wanted({ id, bytes, urgent, flow }: Extract<InferenceReply, { type: "memoryWanted" }>): Promise<void> {
    const abort = new AbortController();
    this.#asked.set(id, abort);
    const admitted = await this.memory.acquire(bytes, { urgent, flow, signal: abort.signal }).catch(() => undefined);
    this.#asked.delete(id);
    if (!admitted) return;
    // Taken back between being let in and being told so.
    if (abort.signal.aborted) return admitted.release();
    this.#lent.set(id, admitted);
    this.send({ type: "memoryLent", id });
  }

  kept({ id, bytes }: Pick<Extract<InferenceReply, { type: "memoryKept" }>, "id" | "bytes">): void {
    this.#asked.get(id)?.abort();
    this.#lent.get(id)?.lighten(bytes);
    if (bytes === 0) this.#lent.delete(id);
  }

  /** The process has ended. */
  takeBack(): void {
    for (const id of [...this.#asked.keys(), ...this.#lent.keys()]) this.kept({ id, bytes: 0 });
  }
}
