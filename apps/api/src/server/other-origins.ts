import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";
import type { ApiConfig } from "../config.js";

/** What the pages of other origins may read of an answer, besides what browsers always let them. */
const exposedHeaders = [
  "idempotency-key",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "server-timing",
  "www-authenticate",
  "x-model-fingerprint",
  "x-request-id",
];
const allowedHeaders = [
  "authorization",
  "content-type",
  "idempotency-key",
  "last-event-id",
  "traceparent",
  "tracestate",
];
/** How long a browser need not ask again, in seconds. None takes more. */
const maxAge = 7200;

/**
 * Lets pages of the origins that the operator names use the API in browsers (CORS). Without any, none may: browsers keep
 * every answer from them. No cookie is ever looked at, so none is allowed along.
 */
export async function admitOtherOrigins(app: FastifyInstance, { CORS_ORIGINS }: ApiConfig): Promise<void> {
  if (CORS_ORIGINS === undefined) return;
  await app.register(cors, {
    origin: CORS_ORIGINS.includes("*") ? "*" : [...CORS_ORIGINS],
    methods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
    allowedHeaders,
    exposedHeaders,
    maxAge,
    // What is no preflight is a request like others, for no route.
    strictPreflight: false,
  });
}

/** What is wrong with a list of origins, if anything is. */
export function originsFault(origins: readonly string[]): string | undefined {
  const bad = origins.find((origin) => origin !== "*" && !(URL.canParse(origin) && new URL(origin).origin === origin));
  return bad && `Expected origins such as https://app.example.com, or *, but received ${JSON.stringify(bad)}`;
}
