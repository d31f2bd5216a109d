import { allowFault } from "../egress/allow-list.js";
import { publicUrlFault } from "./public-url.js";
import { redisUrlFault } from "./redis-url.js";
import type { Config, Settings } from "./setting.js";

/** Where the queue is. */
export const redisSettings = {
  REDIS_URL: {
    type: "string",
    default: "redis://127.0.0.1:6379",
    faultOf: (url: string) => redisUrlFault(url),
    secret: true,
    description:
      "The Redis that holds the queue: `redis://host:port`, `redis+sentinel://host:port,host:port,.../primary` or `redis+cluster://host:port,host:port,...`; with `rediss` for TLS, and `user:password@` before the hosts where Redis needs them. Sentinels that need them have `?sentinel_username=...&sentinel_password=...` at the end. Special characters in all of these are percent-encoded.",
  },
  QUEUE_PREFIX: {
    type: "string",
    default: "{facefleet}",
    pattern: "^\\{[^{}]+\\}",
    description: "What every Redis key starts with. The braces keep all of them in one slot of a Redis Cluster.",
  },
} as const satisfies Settings;
export type RedisSettings = Config<typeof redisSettings>;

/** Where images are. */
export const storeSettings = {
  S3_ENDPOINT: {
    type: "string",
    pattern: "^https?://",
    description: "The address of an S3-compatible server; unset: AWS.",
  },
  S3_PUBLIC_ENDPOINT: {
    type: "string",
    pattern: "^https?://",
    description:
      "The same server's address for callers: the URLs that uploads are sent to name it. Unset: `S3_ENDPOINT`, or, where only machines inside could reach that, the API takes the bytes itself.",
  },
  S3_REGION: { type: "string", default: "us-east-1", description: "The region of the S3 server." },
  S3_BUCKET: {
    type: "string",
    description: "The bucket that jobs may name, where images are. Unset: they are in the folder `STORE_DIR`.",
  },
  S3_OWN_BUCKET: {
    type: "string",
    description:
      "The bucket of uploads and the results of batches, which no job may name. Unset: they are in `S3_BUCKET`, below `facefleet-own/`, under names that nobody can guess.",
  },
  S3_ACCESS_KEY_ID: {
    type: "string",
    description: "Unset: the AWS SDK's own chain (its environment, its files, the machine's role).",
  },
  S3_SECRET_ACCESS_KEY: { type: "string", secret: true, description: "Goes with `S3_ACCESS_KEY_ID`." },
  S3_FORCE_PATH_STYLE: {
    type: "boolean",
    default: true,
    description: "Whether the bucket goes into the path of the address (most S3-compatible servers) or into its host.",
  },
  S3_ALLOWED_BUCKETS: {
    type: "array",
    description: "Buckets, separated by commas, that a job's `s3` reference may name. Unset: `S3_BUCKET` only.",
  },
  STORE_DIR: {
    type: "string",
    default: ".data/objects",
    description: "The folder that holds images when `S3_BUCKET` is unset; its sub-folders are the buckets.",
  },
} as const satisfies Settings;
export type StoreSettings = Config<typeof storeSettings>;

/** Where callers find the API. */
export const publicSettings = {
  PUBLIC_URL: {
    type: "string",
    faultOf: (url: string) => publicUrlFault(url),
    description:
      "The address that callers know the API by, as in `https://example.com/faces`, with the path that a proxy takes away before it passes requests on. Every URL in answers and webhooks then begins with it. Unset: they are paths, or as `TRUST_PROXY` says.",
  },
} as const satisfies Settings;
export type PublicSettings = Config<typeof publicSettings>;

/** Where a request to an address that a user gave may go. */
export const egressSettings = {
  EGRESS_ALLOW: {
    type: "array",
    faultOf: (places: readonly string[]) => allowFault(places),
    description:
      "What image URLs and webhooks may reach besides the public internet, separated by commas: networks, as in `10.0.0.0/8`, and host names, as in `photos.internal`, which may then lead to private addresses. Loopback, link-local and cloud metadata addresses have to be written as networks of their own.",
  },
} as const satisfies Settings;

/**
 * Whether and where the fleet's work is traced. These are OpenTelemetry's own variables, and its SDK reads them itself,
 * with the others that it knows.
 */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: "string",
    pattern: "^https?://",
    description:
      "Where traces are sent: an OTLP receiver over HTTP, as in `http://collector:4318`, which takes JSON at `/v1/traces`. Unset: nothing is traced.",
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    type: "string",
    secret: true,
    description: "Headers that go with it, as in `authorization=Bearer%20abc,x-team=ml`.",
  },
  OTEL_SERVICE_NAME: {
    type: "string",
    description: "What traces call the process. Unset: `facefleet-api` or `facefleet-worker`.",
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    type: "string",
    description: "What else traces say of it, as in `deployment.environment.name=production`.",
  },
  OTEL_TRACES_SAMPLER: {
    enum: [
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ],
    default: "parentbased_always_on",
    description:
      "Which traces are kept: always_on, always_off or traceidratio; with `parentbased_` before it, callers that send a `traceparent` decide for theirs.",
  },
  OTEL_TRACES_SAMPLER_ARG: {
    type: "number",
    minimum: 0,
    maximum: 1,
    description: "The share of traces that `traceidratio` keeps; unset: all.",
  },
} as const satisfies Settings;
export type TracingSettings = Config<typeof tracingSettings>;

/** What is written to the log, and how. */
export const logSettings = {
  LOG_LEVEL: {
    enum: ["silent", "fatal", "error", "warn", "info", "debug", "trace"],
    default: "info",
    description: "The least important level that is written: silent, fatal, error, warn, info, debug or trace.",
  },
  LOG_FORMAT: {
    enum: ["json", "pretty"],
    default: "json",
    description: "`json`: one object a line, for machines; `pretty`: for people.",
  },
} as const satisfies Settings;
export type LogSettings = Config<typeof logSettings>;
