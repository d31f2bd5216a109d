import type {
  Batches,
  Egress,
  FaceJobs,
  FleetObserver,
  Logger,
  Metrics,
  ObjectStore,
  OccasionalLines,
  OwnObjects,
  UploadRegistry,
  WebhookSecrets,
} from "@facefleet/platform";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { ApiConfig } from "./config.js";
import type { ApiMetrics } from "./fleet/api-metrics.js";
import type { LargeAnswers } from "./server/large-answers.js";
import type { Access } from "./tenancy/access.js";
import type { ImageIntake } from "./uploads/image-intake.js";

/** What the API is built on. */
export interface ApiParts {
  readonly config: ApiConfig;
  readonly logger: Logger;
  readonly jobs: FaceJobs;
  readonly batches: Batches;
  readonly store: ObjectStore;
  readonly own: OwnObjects;
  readonly uploads: UploadRegistry;
  readonly webhookSecrets: WebhookSecrets;
  readonly egress: Egress;
  readonly observer: FleetObserver;
  readonly metrics: Metrics;
  /** Without it, whoever reaches the API may use it. */
  readonly access?: Access | undefined;
}

/** What every route may use. */
export interface ApiServices extends ApiParts {
  readonly intake: ImageIntake;
  readonly apiMetrics: ApiMetrics;
  /** What an outage would say with every request. */
  readonly lines: OccasionalLines;
  readonly largeAnswers: LargeAnswers;
  /** Aborts when the process is about to stop. */
  readonly stopping: AbortSignal;
  /** Aborts somewhat later: whoever still waits for a job then is answered with the job as it is. */
  readonly waitsEnd: AbortSignal;
}

export type Routes = FastifyPluginAsyncTypebox<ApiServices>;
