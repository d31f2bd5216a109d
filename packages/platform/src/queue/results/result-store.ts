import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import type { Redis } from "ioredis";
import { type Logger, OccasionalLines } from "../../logging/index.js";
import { type ObjectStore, resultRef } from "../../object-store/index.js";
import { ledger, ledgerKeys, storedKeys } from "../ledger/ledger.js";
import type { Room } from "../ledger/redis-room.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { clock, full, script } from "../redis/script.js";
import { once, type Persist } from "../redis/until-redis-answers.js";
import { isStored, type KeptText, type StoredText } from "./kept-text.js";

/** A text of more bytes goes into the object store: five embeddings in numbers, eleven in base64. */
export const mostInRedis = 32_768;
/** The same where Redis has little room left. */
const mostInTightRedis = 1024;
/** How long an object that no job or line has come for is kept. */
const orphanMs = 3_600_000;
const chunkBytes = 524_288;

const enter = script(
  { keys: { results: "key" }, args: { id: "text", keepFor: "number" }, uses: [full, clock] },
  `
evenWhenFull(results)
return redis.call("ZADD", results, whole(now() + keepFor), id)`,
);

const remove = script(
  { keys: { results: "key", stored: ledgerKeys }, args: { id: "text" }, uses: [ledger] },
  `
redis.call("ZREM", results, id)
return takes(stored, id, 0)`,
);

/** Takes an object that is deleted off the register. Idempotent. */
export async function removeResult(redis: Redis, keys: QueueKeys, id: string): Promise<void> {
  await remove.run(redis, { results: keys.results, stored: storedKeys(keys) }, { id });
}

export interface ResultStoreParts {
  readonly store: ObjectStore;
  readonly logger: Logger;
  /** How much room there is in Redis, where that is watched. */
  readonly room?: Room;
}

/**
 * Results and lines that are too large for Redis, as objects of the service's own. Each is on a register, by when it is
 * to be deleted, from before it is stored until it has been: whatever dies, none is left behind.
 */
export class ResultStore {
  readonly #lines: OccasionalLines;

  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly parts: ResultStoreParts,
  ) {
    this.#lines = new OccasionalLines(parts.logger);
  }

  /**
   * The text itself, or where it is now.
   * @throws ProblemError `store_unavailable`
   */
  async keep(text: string, persist: Persist = once): Promise<KeptText> {
    const most = this.parts.room?.isTight ? mostInTightRedis : mostInRedis;
    // No character takes more than three bytes.
    if (text.length * 3 <= most) return text;
    const bytes = Buffer.from(text);
    return bytes.byteLength <= most
      ? text
      : this.put(bytes, { contentType: "application/json", maxBytes: bytes.length, persist });
  }

  /**
   * Stores bytes as an object of the service's own, which is deleted within the hour unless something comes to keep it.
   * @throws ProblemError `store_unavailable`
   */
  async put(
    body: Readable | Uint8Array,
    { persist = once, ...options }: { contentType: string; maxBytes: number; persist?: Persist },
  ): Promise<StoredText> {
    const id = randomBytes(16).toString("hex");
    const { store } = this.parts;
    await persist(() => enter.run(this.redis, { results: this.keys.results }, { id, keepFor: orphanMs }));
    const { size } = await store.put(resultRef(store, id), body, options);
    return { id, bytes: size };
  }

  /** The bytes of a text, piece by piece; what is left of it to be read stays where it is. */
  async *bytes(kept: KeptText): AsyncGenerator<Buffer, void> {
    if (!isStored(kept)) return yield Buffer.from(kept);
    const ref = resultRef(this.parts.store, kept.id);
    for (let offset = 0; offset < kept.bytes; ) {
      const { bytes } = await this.parts.store.getPart(ref, { offset, length: chunkBytes });
      if (bytes.length === 0) throw new Error(`Expected ${kept.bytes} bytes of a result but there are ${offset}`);
      yield bytes;
      offset += bytes.length;
    }
  }

  async text(kept: KeptText): Promise<string> {
    if (!isStored(kept)) return kept;
    const { store } = this.parts;
    return (await store.get(resultRef(store, kept.id), { maxBytes: kept.bytes })).toString();
  }

  /** Deletes an object. Never fails: one that cannot be deleted now stays on the register, and is swept up. */
  async discard(kept: KeptText | undefined): Promise<void> {
    if (kept === undefined || !isStored(kept)) return;
    try {
      await this.parts.store.delete(resultRef(this.parts.store, kept.id));
      await removeResult(this.redis, this.keys, kept.id);
    } catch (error) {
      this.#lines.write("warn", { err: error, result: kept.id }, "a stored result could not be deleted yet");
    }
  }
}
