import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

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
