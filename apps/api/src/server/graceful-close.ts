import type { FastifyInstance } from "fastify";

/**
 * Lets `app.close()` end with the last answer. Node itself would wait for connections that are kept alive,
 * or were opened and never used, until the client or a timeout closes them.
 */
export function closeGracefully(app: FastifyInstance, stopping: AbortSignal): void {
  let running = 0;
  let closing = false;
  const closeUnused = () => {
    if (closing && running === 0) app.server.closeAllConnections();
  };
  const ended = () => {
    running -= 1;
    closeUnused();
  };
  app.addHook("onRequest", (_request, reply, done) => {
    running += 1;
    reply.raw.on("close", ended);
    done();
  });
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (stopping.aborted) reply.header("connection", "close");
    done();
  });
  app.addHook("preClose", async () => {
    closing = true;
    closeUnused();
  });
}

/** A signal that aborts some time after another. */
export function delayed(signal: AbortSignal, milliseconds: number): AbortSignal {
  const later = new AbortController();
  signal.addEventListener("abort", () => setTimeout(() => later.abort(), milliseconds).unref(), { once: true });
  return later.signal;
}
