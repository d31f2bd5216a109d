import type { Redis } from "ioredis";
import type { QueueKeys } from "./queue-keys.js";
import { neededCommands } from "./redis-needs.js";

/**
 * What keeps the service from using a Redis that answers: the login or the database of `REDIS_URL`, a right that its user
 * has not, that it is full, or that it takes no writes for another reason.
 */
export type RedisFaultKind = "login" | "rights" | "full" | "unwritable";

export class RedisFault extends Error {
  override readonly name = "RedisFault";

  constructor(
    readonly kind: RedisFaultKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether it stays so until somebody changes a setting, here or there. */
  get isLasting(): boolean {
    return this.kind === "login" || this.kind === "rights";
  }
}

const rightsAt = "docs/runbook.md has the rights that it needs";
const writtenForMs = 1000;

/**
 * Looks whether Redis lets the service do all that it has to.
 * @throws RedisFault when it does not; the error of a command that got no answer
 */
export async function checkRedis(redis: Redis, keys: QueueKeys): Promise<void> {
  const answers = await queued(redis, neededCommands(keys.check, keys.finishedChannel));
  const missing = missingRights(answers, keys.prefix);
  if (missing) throw new RedisFault("rights", `Expected a Redis user that ${missing}, but it may not; ${rightsAt}.`);
  try {
    await redis.set(keys.check, "1", "PX", writtenForMs);
  } catch (error) {
    if (!isReply(error)) throw error;
    const kind = error.message.startsWith("OOM") ? "full" : "unwritable";
    const words = `Expected a Redis that can be written to but it refuses: ${wordsOf(error)}.`;
    throw new RedisFault(kind, words, { cause: error });
  }
}

interface Answer {
  readonly command: string;
  readonly error: Error | undefined;
}

/**
 * What Redis says to commands that are queued and then not run: within a transaction it checks rights at once. Sent in one
 * turn, so that no other command of this connection comes between.
 */
async function queued(redis: Redis, commands: readonly (readonly [string, ...string[]])[]): Promise<Answer[]> {
  const all = [["multi"], ...commands, ["discard"]] as const;
  const replies = await Promise.allSettled(all.map(([name, ...args]) => redis.call(name, ...args)));
  return replies.map((reply, index) => {
    const error: unknown = reply.status === "rejected" ? reply.reason : undefined;
    if (error !== undefined && !isReply(error)) throw error;
    return { command: all[index]![0], error: error as Error | undefined };
  });
}

/** What the user may not do, to follow "a Redis user that". */
function missingRights(answers: readonly Answer[], prefix: string): string | undefined {
  const refused = answers.filter(({ error }) => error?.message.startsWith("NOPERM"));
  if (refused.length === 0) return undefined;
  const about = (words: RegExp) => refused.filter(({ error }) => words.test(error?.message ?? ""));
  const commands = about(/permissions to run/).map(({ command }) => command.toUpperCase());
  const rights = [
    ...(commands.length > 0 ? [`may run ${commands.join(", ")}`] : []),
    // Redis says "one of the keys" where Valkey says "a key".
    ...(about(/\bkeys?\b/).length > 0 ? [`may use the keys ${prefix}*`] : []),
    ...(about(/\bchannels?\b/).length > 0 ? [`may use the channels ${prefix}*`] : []),
  ];
  return rights.join(" and ") || refused[0]?.error?.message;
}

/** The fault that an error comes from, if it comes from one: also a connection that Redis does not let be made. */
export function redisFaultOf(error: unknown): RedisFault | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RedisFault) return cause;
    const words = faultOfConnection(cause.message);
    if (words) return new RedisFault("login", words, { cause });
  }
  return undefined;
}

function faultOfConnection(message: string): string | undefined {
  if (/\b(WRONGPASS|NOAUTH)\b/.test(message)) return "Expected a user and a password in REDIS_URL that Redis takes.";
  if (/DB index is out of range|SELECT is not allowed/i.test(message)) {
    return "Expected a database in REDIS_URL that Redis has but it has none of that number.";
  }
  if (/'select' command/i.test(message)) {
    return `Expected a Redis user that may SELECT the database in REDIS_URL, but it may not; ${rightsAt}.`;
  }
  return undefined;
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** Without what follows the first sentence of Redis' own. */
function wordsOf({ message }: Error): string {
  return message.split(/\. |\.$/, 1)[0] ?? message;
}

/** What `maxmemory-policy` has to be: any other lets a full Redis throw jobs away. */
export const noEviction = "noeviction";

/** It, as INFO says it. */
export function evictionPolicyIn(info: string): string {
  return /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? "unknown";
}
