import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { ProblemError } from "@facefleet/contracts";

/**
 * `connection`: none could be made, or it was lost over a command; `timeout`: no answer in time; `refused`: Redis
 * answered with an error, as when it is full.
 */
export const redisErrorKinds = ["connection", "timeout", "refused"] as const;
export type RedisErrorKind = (typeof redisErrorKinds)[number];

/** The client's own reports, of every connection of the process. */
const connects = "tracing:ioredis:connect:error";
const commands = "tracing:ioredis:command:error";

interface CommandFailure {
  /** Its name, in lower case. */
  readonly command: string;
  readonly error: Error;
}

/** Tells of everything that fails between this process and Redis. Returns how to stop listening. */
export function onRedisError(listener: (kind: RedisErrorKind) => void): () => void {
  const onConnect = () => listener("connection");
  const onCommand = (message: unknown) => {
    const failure = message as CommandFailure;
    if (!isExpected(failure)) listener(kindOf(failure.error));
  };
  subscribe(connects, onConnect);
  subscribe(commands, onCommand);
  return () => {
    unsubscribe(connects, onConnect);
    unsubscribe(commands, onCommand);
  };
}

/**
 * A script that Redis does not know yet is sent again, whole; an older Redis does not ask who its clients are; and a
 * node of a Cluster is asked for a key to learn who holds it.
 */
function isExpected({ command, error: { message } }: CommandFailure): boolean {
  const isRedirected = command === "exists" && message.startsWith("MOVED");
  return isRedirected || message.startsWith("NOSCRIPT") || command === "client";
}

function kindOf({ name, message }: Error): RedisErrorKind {
  if (name === "ReplyError") return "refused";
  return message === "Command timed out" ? "timeout" : "connection";
}

/** What Redis refuses for now, or until its operator does something, whatever is asked of it. */
const troubles =
  /\b(OOM|MISCONF|NOREPLICAS|READONLY|LOADING|BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|NOAUTH|NOPERM|WRONGPASS)\b|ACL failure|The user executing the script/;
const lost = /^(Connection is closed|Command timed out|Stream isn't writeable|Reached the max retries)/;

/** Whether an error says something of Redis, or of the way to it, and nothing of what was asked. */
export function isRedisTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "ReplyError") return troubles.test(error.message);
  return lost.test(error.message) || ("code" in error && /^E[A-Z]+$/.test(String(error.code)));
}

/** What a command fails with that was sent, or may have been, and to which there was no answer. */
const unanswered = /^(Command timed out|Connection is closed|Reached the max retries)/;

/** Whether a failure leaves it open if Redis did what it was told, or will yet. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof ProblemError) return error.code === "queue_unavailable" && isUnanswered(error.cause);
  return error instanceof Error && error.name !== "ReplyError" && unanswered.test(error.message);
}
