/** A host and the port that it listens on. */
export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

interface RedisLogin {
  readonly username?: string;
  readonly password?: string;
}

/** What `REDIS_URL` says: what is found at its hosts, and how to log in to the Redis that it leads to. */
export type RedisAddress = { readonly tls: boolean; readonly login: RedisLogin } & (
  | { readonly mode: "single"; readonly node: RedisHost; readonly database: number }
  | {
      readonly mode: "sentinel";
      readonly sentinels: readonly RedisHost[];
      readonly sentinelLogin: RedisLogin;
      /** The name that the Sentinels know it by. */
      readonly primary: string;
      readonly database: number;
    }
  | { readonly mode: "cluster"; readonly nodes: readonly RedisHost[] }
);

const form = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const hostForm = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i;
const redisPort = 6379;
const sentinelPort = 26_379;

/**
 * Reads `redis://[user:password@]host[:port][/database]`, `redis+cluster://[user:password@]host[:port],...`, or
 * `redis+sentinel://[user:password@]host[:port],.../primary[/database][?sentinel_username=...&sentinel_password=...]`;
 * each with `rediss` for TLS.
 * @throws Error in one sentence that shows no part of the address: any of it may be a secret in a wrong place
 */
export function parseRedisUrl(text: string): RedisAddress {
  const parts = form.exec(text);
  if (!parts) throw unlike("redis://, redis+sentinel:// or redis+cluster:// (rediss for TLS) and hosts after it");
  const [, s, mode, user = "", hosts = "", path = "", query = ""] = parts;
  const common = { tls: s === "s", login: loginOf(...splitOnce(user, ":").map(decoded)) };
  if (mode === "sentinel") return { mode, ...common, ...sentinelsOf(hosts, path, query) };
  if (query !== "") throw unlike(`nothing after "?" in REDIS_URL`);
  if (mode === "cluster") return { mode, ...common, nodes: nodesOf(hosts, path) };
  return { mode: "single", ...common, node: onlyHost(hosts), database: databaseOf(path) };
}

/** Where an address leads, in words that may be shown: without who logs in, and how. */
export function shownRedis(address: RedisAddress): string {
  const hosts =
    address.mode === "single" ? [address.node] : address.mode === "cluster" ? address.nodes : address.sentinels;
  const names = hosts.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`).join(", ");
  return address.mode === "sentinel" ? `${address.primary}, by the Sentinels ${names}` : names;
}

/** What is wrong with an address; undefined when nothing is. */
export function redisUrlFault(text: string): string | undefined {
  try {
    parseRedisUrl(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function sentinelsOf(hosts: string, path: string, query: string) {
  const [primary, database = ""] = splitOnce(path, "/").map(decoded);
  if (!primary)
    throw unlike("the name of the primary after the Sentinels, as in redis+sentinel://a,b,c/mymaster", "none");
  const { sentinel_username: username, sentinel_password: password, ...others } = parametersOf(query);
  if (Object.keys(others).length > 0) throw unlike(`only sentinel_username and sentinel_password after "?"`);
  const sentinels = hostsOf(hosts, sentinelPort);
  return { sentinels, sentinelLogin: loginOf(username, password), primary, database: databaseOf(database) };
}

/** Percent-encoded as the rest of a URL is: a plus is a plus. */
function parametersOf(query: string): Record<string, string> {
  const pairs = query.split("&").filter((pair) => pair !== "");
  return Object.fromEntries(pairs.map((pair) => splitOnce(pair, "=").map(decoded)));
}

function nodesOf(hosts: string, path: string): RedisHost[] {
  if (databaseOf(path) !== 0) throw unlike("no database but 0 in a Cluster, which has no other", "another");
  return hostsOf(hosts, redisPort);
}

function onlyHost(hosts: string): RedisHost {
  const [first, ...others] = hostsOf(hosts, redisPort);
  if (first && others.length === 0) return first;
  throw unlike("one host after redis://, or redis+sentinel:// or redis+cluster:// before several", "several");
}

function hostsOf(text: string, defaultPort: number): RedisHost[] {
  return text.split(",").map((item) => {
    const [, address, name, port = defaultPort] = hostForm.exec(item.trim()) ?? [];
    const host = address ?? name;
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
      throw unlike("hosts as in redis-1:6379,redis-2");
    return { host, port: Number(port) };
  });
}

function databaseOf(path: string): number {
  if (!/^\d{0,5}$/.test(path)) throw unlike("the number of a database at the end of the path");
  return Number(path);
}

function loginOf(username?: string, password?: string): RedisLogin {
  return { ...(username && { username }), ...(password && { password }) };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unlike("user, password and names with special characters percent-encoded");
  }
}

function unlike(expected: string, received = "a value that is not shown"): Error {
  return new Error(`Expected ${expected} but received ${received}`);
}
