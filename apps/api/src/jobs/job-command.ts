import {
  type DetectorName,
  type FaceJobPayload,
  type FacePriority,
  type ImageRef,
  JobOptions,
  type JobRequest,
  type MultipartJob,
  type MultipartVerify,
  usualMinConfidence,
} from "@facefleet/contracts";
import { Value } from "typebox/value";
import { identityDigest } from "./request-identity.js";

/** A checked request, complete with every default: what goes into the queue. */
export interface JobCommand {
  readonly payload: FaceJobPayload;
  readonly priority: FacePriority;
  /** The same for two requests that ask for the same; an image that was sent along counts by its content. */
  bodyHash(): string;
}

/** What a request does not say itself. */
interface CommandContext {
  readonly tenant: string;
  readonly defaultTtlSeconds: number;
  readonly defaultDetector: DetectorName;
}

/** The command of a request that names its images. */
export function commandOf(request: JobRequest, context: CommandContext): JobCommand {
  const images = "image" in request ? [request.image] : request.images;
  return complete(request, images, images, context);
}

/** The command of a request that was sent together with its images. */
export function commandWithImages(
  job: MultipartJob | MultipartVerify,
  images: readonly { readonly uploadId: string; readonly sha256: string }[],
  context: CommandContext,
): JobCommand {
  const uploads = images.map(({ uploadId }) => ({ upload: uploadId }));
  const digests = images.map(({ sha256 }) => sha256);
  return complete(job, uploads, digests, context);
}

const defaultOptions = Value.Default(JobOptions, {}) as JobOptions;

/** @param usual what finds faces where the options do not say. */
export function completeOptions(options: Partial<JobOptions> = {}, usual: DetectorName): JobOptions {
  const { detector = usual } = options;
  return { ...defaultOptions, minConfidence: usualMinConfidence[detector], ...options, detector };
}

/** What was asked for otherwise than by default: the same after an upgrade that brings new options. */
export function askedOptions(options: JobOptions): [string, unknown][] {
  const defaults: Readonly<Record<string, unknown>> = defaultOptions;
  return Object.entries(options)
    .filter(([name, value]) => value !== defaults[name])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function complete(
  {
    task,
    options,
    priority = "normal",
    webhook,
    metadata,
    resultTtlSeconds,
  }: JobRequest | MultipartJob | MultipartVerify,
  images: ImageRef[],
  identity: unknown,
  { tenant, defaultTtlSeconds, defaultDetector }: CommandContext,
): JobCommand {
  const payload: FaceJobPayload = {
    task,
    images,
    options: completeOptions(options, defaultDetector),
    ...(webhook && { webhook }),
    ...(metadata && { metadata }),
    resultTtlSeconds: resultTtlSeconds ?? defaultTtlSeconds,
    tenant,
  };
  const bodyHash = () => {
    const asked = { ...payload, options: askedOptions(payload.options), images: identity };
    return identityDigest(priority, asked);
  };
  return { payload, priority, bodyHash };
}
