import { isDeepStrictEqual } from "node:util";
import {
  type DetectorName,
  detectorCatalogue,
  type FaceJobPayload,
  type FacePriority,
  faceFilters,
  type GivenPlaces,
  JobOptions,
  type JobRequest,
  type MultipartJob,
  type MultipartVerify,
  ProblemError,
  type Task,
  taskCatalogue,
} from "@facefleet/contracts";
import { Value } from "typebox/value";
import type { ReceivedImage } from "../uploads/received-image.js";
import { identityDigest } from "./request-identity.js";

/** A checked request, complete with every default: what goes into the queue. */
export interface JobCommand {
  readonly payload: FaceJobPayload;
  readonly priority: FacePriority;
  /** The same for two requests that ask for the same; an image that was sent along counts by its content. */
  bodyHash(): string;
}

/** What a request is about. */
export interface ReceivedContent {
  readonly images: readonly ReceivedImage[];
  readonly given?: GivenPlaces;
  /** Of all of it; that of its images unless told. */
  readonly identity?: unknown;
}

/** What a request does not say itself. */
interface CommandContext {
  readonly tenant: string;
  readonly defaultTtlSeconds: number;
  readonly defaultDetector: DetectorName;
}

/** The command of a request, which names its images or brought them along. @throws ProblemError `invalid_request` */
export function commandOf(
  {
    task,
    options,
    priority = "normal",
    webhook,
    metadata,
    resultTtlSeconds,
  }: JobRequest | MultipartJob | MultipartVerify,
  { images, given, identity = images.map((image) => image.identity) }: ReceivedContent,
  { tenant, defaultTtlSeconds, defaultDetector }: CommandContext,
): JobCommand {
  expectFitting(task, options);
  const payload: FaceJobPayload = {
    task,
    images: images.map(({ ref }) => ref),
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
  return { payload: { ...payload, ...(given && { given }) }, priority, bodyHash };
}

const defaultOptions = Value.Default(JobOptions, {}) as JobOptions;

/** @param usual what finds faces where the options do not say. */
export function completeOptions(options: Partial<JobOptions> = {}, usual: DetectorName): JobOptions {
  const { detector = usual } = options;
  return { ...defaultOptions, minConfidence: detectorCatalogue[detector].minConfidence, ...options, detector };
}

/** Options that are about faces that were looked for. */
const needDetection = ["orientations", ...Object.keys(faceFilters)] as readonly (keyof JobOptions)[];

/**
 * Refuses options that contradict each other, or the task.
 * @throws ProblemError `invalid_request`
 */
export function expectFitting(task: Task, options: Partial<JobOptions> = {}): void {
  if (options.detection !== "none") return;
  const fault = (path: string, expected: string, received: unknown) => ({
    path,
    message: `Expected ${expected} for ${path} with the detection none but received ${JSON.stringify(received)}`,
  });
  const errors = [
    ...(!taskCatalogue[task].embeds ? [fault("/task", "another task", task)] : []),
    ...(options.embedding === "high" ? [fault("/options/embedding", '"standard"', options.embedding)] : []),
    ...needDetection.flatMap((name) =>
      options[name] === undefined ? [] : [fault(`/options/${name}`, "nothing", options[name])],
    ),
  ];
  if (errors.length > 0) throw new ProblemError("invalid_request", errors[0]?.message, { extras: { errors } });
}

/** What was asked for otherwise than by default: the same after an upgrade that brings new options. */
export function askedOptions(options: JobOptions): [string, unknown][] {
  const defaults: Readonly<Record<string, unknown>> = defaultOptions;
  return Object.entries(options)
    .filter(([name, value]) => !isDeepStrictEqual(value, defaults[name]))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
