import { asProblemError, type ProbeAnswer } from "@facefleet/contracts";
import { hostNameOf, isThisMachine, type Metrics } from "@facefleet/platform";
import Fastify, { type FastifyInstance } from "fastify";

const checkTimeoutMs = 1000;

/** Resolves with what is wrong, or with nothing; rejects when the answer cannot be had. */
export type Check = () => Promise<unknown>;

interface HttpParts {
  readonly metrics: Metrics;
  readonly checks: Readonly<Record<string, Check>>;
  /** Where it will listen. */
  readonly host: string;
}

/** The worker's /livez, /readyz and /metrics. On loopback, only under a name of this machine: others are some web page's. */
export function buildHttp({ metrics, checks, host }: HttpParts): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: true });
  if (isThisMachine(host)) {
    app.addHook("onRequest", async ({ headers }, reply) => {
      const name = headers.host === undefined ? host : hostNameOf(`http://${headers.host}`);
      if (name !== undefined && isThisMachine(name)) return;
      return await reply.code(403).send(`Expected a host of this machine but received ${headers.host}\n`);
    });
  }
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
