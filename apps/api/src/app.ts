import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { isTracing, OccasionalLines } from "@facefleet/platform";
import multipart from "@fastify/multipart";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { publicBaseOf, tellAddresses } from "./addresses/public-address.js";
import { trustsProxies } from "./addresses/trusted-proxies.js";
import { batchListRoutes } from "./batches/batch-list.js";
import { batchRoutes } from "./batches/batches.js";
import type { ApiConfig } from "./config.js";
import { measureApi } from "./fleet/api-metrics.js";
import { fleetRoutes } from "./fleet/fleet.js";
import { metricsRoutes } from "./fleet/metrics.js";
import { modelRoutes } from "./fleet/models.js";
import { probeRoutes } from "./fleet/probes.js";
import { jobEventRoutes } from "./jobs/job-events.js";
import { jobListRoutes } from "./jobs/job-list.js";
import { jobRoutes } from "./jobs/jobs.js";
import { consoleRoutes } from "./pages/console.js";
import { errorPageRoutes } from "./pages/error-page.js";
import { describeApi } from "./pages/openapi.js";
import { guardPages } from "./pages/page-headers.js";
import { answerBrokenRequest } from "./server/broken-requests.js";
import { closeGracefully, delayed } from "./server/graceful-close.js";
import { LargeAnswers } from "./server/large-answers.js";
import { admitOtherOrigins } from "./server/other-origins.js";
import { refuseOtherSites } from "./server/other-sites.js";
import { answerProblems, problemAnswerer } from "./server/problem-answers.js";
import { logRequests } from "./server/request-log.js";
import { traceRequests } from "./server/request-tracing.js";
import { closeStalledReaders } from "./server/stalled-readers.js";
import type { ApiParts, ApiServices } from "./services.js";
import { simpleServiceRoutes } from "./synchronous/simple-service.js";
import { tellTenants } from "./tenancy/request-tenant.js";
import { jobLimitBytes } from "./uploads/image-form.js";
import { ImageIntake } from "./uploads/image-intake.js";
import { uploadRoutes } from "./uploads/uploads.js";
import { webhookAttemptRoutes } from "./webhooks/webhook-attempts.js";
import { webhookSecretRoutes } from "./webhooks/webhook-secret.js";
import { refuseContentEncodings } from "./wire/content-encoding.js";
import { ignoreTypesOfNothing } from "./wire/empty-bodies.js";
import { readJsonBodies } from "./wire/json-reader.js";
import { buildLazySerializer } from "./wire/lazy-serializer.js";
import { takeRestOfBodies } from "./wire/unread-bodies.js";
import { compileValidator } from "./wire/validation.js";

const jsonLimitBytes = 1_048_576;
const mostListeners = 30;
/** Node takes no longer URL. */
const maxUrlLength = 16_384;
/** The share of the time after SHUTDOWN_DELAY that waits get before they are answered with the job as it is. */
const patience = 0.5;

/**
 * Builds the API. The caller listens and closes; the parts stay the caller's.
 * `stopping` tells that the end is near: readiness is refused, waits become short, requests are still answered.
 */
export async function buildApp(
  parts: ApiParts,
  stopping: AbortSignal = new AbortController().signal,
): Promise<FastifyInstance> {
  const baseOf = publicBaseOf(parts.config);
  const answerer = problemAnswerer(parts.logger, baseOf);
  const app: FastifyInstance = Fastify({
    loggerInstance: parts.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    trustProxy: trustsProxies(parts.config.TRUST_PROXY),
    genReqId: () => randomUUID(),
    bodyLimit: jsonLimitBytes,
    requestTimeout: 120_000,
    return503OnClosing: false,
    frameworkErrors: answerer,
    clientErrorHandler: answerBrokenRequest,
    schemaController: { compilersFactory: { buildSerializer: buildLazySerializer } },
    // An id of any length is for its route to say no to; none of them matches a slow pattern.
    routerOptions: { maxParamLength: maxUrlLength },
  });
  app.setValidatorCompiler(compileValidator);
  answerProblems(app, answerer);
  tellAddresses(app, baseOf);
  allowListeners(app);
  if (isTracing(parts.config)) traceRequests(app);
  logRequests(app);
  ignoreTypesOfNothing(app);
  takeRestOfBodies(app);
  closeGracefully(app, stopping);
  guardPages(app);
  await admitOtherOrigins(app, parts.config);
  refuseOtherSites(app, parts.config);
  closeStalledReaders(app.server);
  tellTenants(app, parts.access);
  refuseContentEncodings(app);
  app.removeContentTypeParser("text/plain");
  readJsonBodies(app);
  await app.register(multipart, {
    throwFileSizeLimit: false,
    limits: { fileSize: Math.max(parts.config.MAX_IMAGE_BYTES, jobLimitBytes) + 1, files: 24 },
    // Fields would be decoded and parsed before anyone has looked at them.
    isPartAFile: () => true,
  });
  await describeApi(app, parts.config);
  const services: ApiServices = {
    ...parts,
    intake: new ImageIntake(parts),
    lines: new OccasionalLines(parts.logger),
    apiMetrics: measureApi(app, parts),
    largeAnswers: new LargeAnswers(),
    stopping,
    waitsEnd: delayed(stopping, waitsLastMs(parts.config)),
  };
  // Each request that waits listens to them.
  setMaxListeners(0, services.stopping, services.waitsEnd);
  for (const routes of allRoutes) await app.register(routes, services);
  await app.ready();
  return app;
}

/** How long waits may still last once the end is near. */
function waitsLastMs({ SHUTDOWN_DELAY, SHUTDOWN_DEADLINE }: ApiConfig): number {
  return (SHUTDOWN_DELAY + (SHUTDOWN_DEADLINE - SHUTDOWN_DELAY) * patience) * 1000;
}

const allRoutes = [
  simpleServiceRoutes,
  jobRoutes,
  jobListRoutes,
  jobEventRoutes,
  batchRoutes,
  batchListRoutes,
  uploadRoutes,
  webhookAttemptRoutes,
  webhookSecretRoutes,
  modelRoutes,
  fleetRoutes,
  probeRoutes,
  metricsRoutes,
  errorPageRoutes,
  consoleRoutes,
] as const;

/** Many parts are told when an answer is over, and its stream; past ten of them Node takes it for a leak. */
function allowListeners(app: FastifyInstance): void {
  app.addHook("onRequest", (_request, reply, done) => {
    reply.raw.setMaxListeners(mostListeners);
    done();
  });
}
