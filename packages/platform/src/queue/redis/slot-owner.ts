import { createConnection, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { AbstractConnector, Redis, type RedisOptions } from "ioredis";
import type { RedisHost } from "../../config/redis-url.js";

const disconnectTimeoutMs = 2000;

/**
 * Leads an ioredis connection to the node of a Cluster that holds a key, each time that it connects. All nodes named
 * are asked at once, and the first that knows counts: one that hangs holds nothing up.
 */
export function slotOwner(nodes: readonly RedisHost[], key: string): NonNullable<RedisOptions["Connector"]> {
  return class SlotOwnerConnector extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      super(disconnectTimeoutMs);
      this.#options = options as RedisOptions;
    }

    /** Never rejects, which ioredis would take for the end: a closed socket lets it try again in its own time. */
    override async connect(): Promise<Socket> {
      this.connecting = true;
      try {
        const owner = await Promise.any(nodes.map((node) => ownerAccordingTo(node, key, this.#options)));
        this.stream = this.connecting ? this.#open(owner) : new Socket().destroy();
      } catch (error) {
        this.firstError = unanswered(error as AggregateError);
        this.stream = new Socket().destroy();
      }
      return this.stream;
    }

    #open(owner: RedisHost): Socket {
      const { tls } = this.#options;
      const stream = tls ? connectTls({ ...owner, ...tls }) : createConnection(owner);
      return stream.once("error", (error) => {
        this.firstError = error;
      });
    }
  };
}

async function ownerAccordingTo(node: RedisHost, key: string, options: RedisOptions): Promise<RedisHost> {
  const { username = null, password = null, tls, connectTimeout = 0 } = options;
  const client = new Redis({
    ...node,
    ...(username && { username }),
    ...(password && { password }),
    ...(tls && { tls }),
    connectTimeout,
    commandTimeout: connectTimeout,
    retryStrategy: () => null,
    enableReadyCheck: false,
    lazyConnect: true,
  });
  let fault: Error | undefined;
  client.on("error", (error: Error) => {
    fault ??= error;
  });
  try {
    await client.connect();
    // A Redis by itself, which has every key, refuses this.
    await client.cluster("MYID");
    await client.exists(key);
    return node;
  } catch (error) {
    // Of a connection that was not made, the client tells why before it says that there is none.
    return movedTo(fault ?? (error as Error), node);
  } finally {
    client.disconnect();
  }
}

/** The node that a MOVED error names; one that tells no host is at the host that was asked. */
function movedTo(error: Error, asked: RedisHost): RedisHost {
  const [, host, port] = /^MOVED \d+ (.*):(\d+)$/.exec(error.message) ?? [];
  if (port === undefined) throw error;
  return { host: host || asked.host, port: Number(port) };
}

function unanswered(error: AggregateError): Error {
  const reasons = [...new Set(error.errors.map(({ message }: Error) => message))].join("; ");
  return new Error(`Expected a node of the Redis Cluster to know where the queue is but received: ${reasons}`, {
    cause: error,
  });
}
