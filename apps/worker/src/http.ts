import { asProblemError, type ProbeAnswer } from "@facefleet/contracts";
import type { Metrics } from "@facefleet/platform";
import Fastify, { type FastifyInstance } from "fastify";

const checkTimeoutMs = 1000;

/** Resolves with what is wrong, or with nothing; rejects when the answer cannot be had. */
export type Check = () => Promise<unknown>;

/** The worker's /livez, /readyz and /metrics. */
export function buildHttp(metrics: Metrics, checks: Readonly<Record<string, Check>>): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: true });
  app.get("/livez", async (): Promise<ProbeAnswer> => ({ status: "ok", checks: {} }));
  app.get("/readyz", async (_request, reply) => {
    const answer = await probe(checks);
    return await reply.code(answer.status === "ok" ? 200 : 503).send(answer);
  });
  app.get("/metrics", async (_request, reply) => await reply.type(metrics.contentType).send(await metrics.render()));
  return app;
}

async function probe(checks: Readonly<Record<string, Check>>): Promise<ProbeAnswer> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await verdict(check)] as const),
  );
  const status = answers.every(([, answer]) => answer === "ok") ? "ok" : "unavailable";
  return { status, checks: Object.fromEntries(answers) };
}

async function verdict(check: Check): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, `no answer within ${checkTimeoutMs} ms`);
  });
  try {
    return await Promise.race([check().then((fault) => (typeof fault === "string" ? fault : "ok")), late]);
  } catch (error) {
    return asProblemError(error).message;
  } finally {
    clearTimeout(timer);
  }
}
