import type { FastifyReply } from "fastify";

/** A signal that aborts when waiting makes no sense any more: the client is gone, or all waits are to end. */
export function endOfPatience(reply: FastifyReply, waitsEnd: AbortSignal): AbortSignal {
  const over = new AbortController();
  const end = () => over.abort();
  waitsEnd.addEventListener("abort", end, { once: true });
  if (waitsEnd.aborted) end();
  reply.raw.once("close", () => {
    waitsEnd.removeEventListener("abort", end);
    end();
  });
  return over.signal;
}

/** Whether the client closed its connection before it got its answer. */
export function isClientGone(reply: FastifyReply): boolean {
  return reply.raw.destroyed && !reply.raw.writableFinished;
}
