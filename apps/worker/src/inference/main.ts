import { createLogger, warningLines } from "@facefleet/platform/logging";
import { InferenceServer } from "./inference-server.js";
import type { InferenceReply, InferenceRequest, InferenceSettings } from "./protocol.js";

/*
 * The inference process, forked by the worker. No inference, garbage collection pause or native crash
 * in here can touch the thread that renews the locks of the worker's jobs.
 */

// A Ctrl-C reaches the whole process group; the worker decides when this process ends, by disconnecting.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));

process.once("message", (request: InferenceRequest) => {
  if (request.type === "start") void serve(request.settings);
});

const vitalsEveryMs = 5000;

async function serve(settings: InferenceSettings): Promise<void> {
  const logger = createLogger({ name: "worker-inference", ...settings.log });
  process.removeAllListeners("warning").on("warning", warningLines(logger));
  try {
    const server = await InferenceServer.start(settings, reply, logger);
    process.on("message", (request: InferenceRequest) => server.receive(request));
    reply({ type: "ready", info: server.info });
    setInterval(() => reply({ type: "vitals", vitals: server.vitals() }), vitalsEveryMs).unref();
  } catch (error) {
    logger.debug({ err: error }, "the inference process cannot start");
    const message = error instanceof Error ? error.message : String(error);
    reply({ type: "refused", message }, () => process.exit(1));
  }
}

function reply(message: InferenceReply, sent: () => void = () => {}): void {
  process.send?.(message, sent);
}
