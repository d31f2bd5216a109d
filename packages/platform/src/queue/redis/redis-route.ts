import type { RedisOptions } from "ioredis";
import type { RedisAddress } from "../../config/redis-url.js";
import { slotOwner } from "./slot-owner.js";

/** How long to wait for an answer, and before each further attempt, in milliseconds. */
interface Patience {
  readonly connectTimeout: number;
  readonly retryStrategy: (attempt: number) => number;
}

/** What leads a connection to the Redis of an address that holds a key; in any mode that is one node at a time. */
export function routeTo(address: RedisAddress, key: string, patience: Patience): RedisOptions {
  const common = { ...address.login, ...(address.tls && { tls: {} }) };
  switch (address.mode) {
    case "single":
      return { ...common, ...address.node, db: address.database };
    case "sentinel":
      return { ...common, ...sentinelRoute(address, patience) };
    case "cluster":
      return { ...common, Connector: slotOwner(address.nodes, key) };
  }
}

function sentinelRoute(
  { sentinels, sentinelLogin, primary, database, tls }: Extract<RedisAddress, { mode: "sentinel" }>,
  { connectTimeout, retryStrategy }: Patience,
): RedisOptions {
  const { username, password } = sentinelLogin;
  return {
    sentinels: [...sentinels],
    name: primary,
    db: database,
    ...(username && { sentinelUsername: username }),
    ...(password && { sentinelPassword: password }),
    ...(tls && { sentinelTLS: {}, enableTLSForSentinelMode: true }),
    sentinelCommandTimeout: connectTimeout,
    sentinelRetryStrategy: retryStrategy,
  };
}
