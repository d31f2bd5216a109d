import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/**
 * Begins a script that leaves Redis no fuller than it was, or makes room for what does: a full Redis stops a script at
 * its first write that takes memory, but deletes for whoever asks, and lets a script that has begun to write go on.
 */
export const evenWhenFull = `redis.call("DEL", KEYS[1] .. ":none")
`;

/** A Lua script: one step that nothing comes between. Sent once, then named by its digest. */
export class RedisScript<Answer> {
  readonly #sha1: string;

  constructor(private readonly lua: string) {
    this.#sha1 = createHash("sha1").update(lua).digest("hex");
  }

  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<Answer> {
    try {
      return (await redis.evalsha(this.#sha1, keys.length, ...keys, ...args)) as Answer;
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return (await redis.eval(this.lua, keys.length, ...keys, ...args)) as Answer;
    }
  }
}
