type Command = readonly [name: string, ...args: string[]];

/**
 * Every command that the fleet sends, in scripts or by itself, each in a form that does no harm to a key of its own. What
 * this list lacks the fleet has no right to under a Redis user that has exactly these (`tests/redis-rights.test.ts`).
 */
export function neededCommands(key: string, channel: string): Command[] {
  return [
    ...[
      "get",
      "exists",
      "hgetall",
      "hlen",
      "llen",
      "scard",
      "smembers",
      "zcard",
      "bitcount",
      "pttl",
      "strlen",
      "persist",
      "hvals",
    ].map(on(key)),
    ...["incr", "del", "unlink", "zpopmin"].map(on(key)),
    ["mget", key, key],
    ["hget", key, "a"],
    ["hmget", key, "a"],
    ["hstrlen", key, "a"],
    ["hexists", key, "a"],
    ["hrandfield", key, "1"],
    ["lrange", key, "0", "0"],
    ["lindex", key, "0"],
    ["lpos", key, "a"],
    ["zrange", key, "0", "0"],
    ["zrangebyscore", key, "0", "0"],
    ["zrevrangebyscore", key, "0", "0"],
    ["zrangebylex", key, "-", "+"],
    ["zcount", key, "0", "0"],
    ["zscore", key, "a"],
    ["zmscore", key, "a"],
    ["set", key, "a"],
    ["setbit", key, "0", "0"],
    ["getbit", key, "0"],
    ["bitop", "xor", key, key],
    ["incrby", key, "1"],
    ["pexpire", key, "1"],
    ["pexpireat", key, "1"],
    ["hset", key, "a", "1"],
    ["hsetnx", key, "a", "1"],
    ["hmset", key, "a", "1"],
    ["hincrby", key, "a", "1"],
    ["hdel", key, "a"],
    ["lpush", key, "a"],
    ["rpush", key, "a"],
    ["lrem", key, "0", "a"],
    ["ltrim", key, "0", "0"],
    ["rpoplpush", key, key],
    ["sadd", key, "a"],
    ["srem", key, "a"],
    ["zadd", key, "0", "a"],
    ["zrem", key, "a"],
    ["zremrangebyscore", key, "0", "0"],
    ["xadd", key, "*", "a", "1"],
    ["xtrim", key, "MAXLEN", "0"],
    ["bzpopmin", key, "1"],
    ["publish", channel, ""],
    ["subscribe", channel],
    ["eval", "return 1", "0"],
    ["evalsha", "0".repeat(40), "0"],
    ["time"],
    ["info"],
    ["ping"],
  ];
}

function on(key: string): (name: string) => Command {
  return (name) => [name, key];
}
