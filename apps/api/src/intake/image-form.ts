import { ProblemError } from "@facefleet/contracts";
import type { UploadClaim } from "@facefleet/platform";
import type { Multipart, MultipartFile } from "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import { unexpectedMediaType } from "../problem-answers.js";
import type { ImageIntake, StoredImage } from "./image-intake.js";

export const jobLimitBytes = 1_048_576;

export interface ImageForm {
  readonly image: StoredImage;
  /** The JSON of the part `job`, not yet checked; undefined when the form has none. */
  readonly job: unknown;
}

interface FormOptions {
  readonly intake: ImageIntake;
  readonly maxBytes: number;
  /** Reads the part `job`; a form that may not have one gives no reader. */
  readonly readJob?: (json: Buffer) => unknown;
}

/**
 * Reads a form with the file part `image`, in any order with `job`. The image is streamed to the store.
 * @throws ProblemError for a form that is not as expected; the store keeps nothing of it
 */
export async function readImageForm(request: FastifyRequest, options: FormOptions): Promise<ImageForm> {
  if (!request.isMultipart()) throw unexpectedMediaType(request, "multipart/form-data");
  const reader = new FormReader(options, claimOf(request, options.maxBytes));
  try {
    for await (const part of request.parts()) await reader.take(part);
    return reader.finish();
  } catch (error) {
    drain(request);
    if (reader.image) await options.intake.discard(reader.image.uploadId);
    throw isBrokenForm(error)
      ? new ProblemError("invalid_request", "Expected a whole multipart form but received a broken one", {
          cause: error,
        })
      : error;
  }
}

class FormReader {
  image: StoredImage | undefined;
  #job: unknown;
  readonly #strangers: string[] = [];

  constructor(
    readonly options: FormOptions,
    private readonly claim: UploadClaim,
  ) {}

  async take(part: Multipart): Promise<void> {
    if (part.type !== "file") throw new Error("Expected every part of a form to be read as a file");
    const { readJob } = this.options;
    if (part.fieldname === "job" && readJob) await this.#takeJob(part, readJob);
    else if (part.fieldname === "image" && isFile(part)) await this.#takeImage(part);
    else this.#takeStranger(part);
  }

  finish(): ImageForm {
    const received = this.#strangers.length > 0 ? this.#strangers.join(", ") : "none";
    if (!this.image) throw new ProblemError("missing_image", `Expected a file part image but received ${received}`);
    if (this.#strangers.length > 0) {
      throw new ProblemError(
        "invalid_request",
        `Expected no other part than image${this.options.readJob ? " and job" : ""} but received ${received}`,
      );
    }
    return { image: this.image, job: this.#job };
  }

  async #takeImage({ file }: MultipartFile): Promise<void> {
    if (this.image) throw new ProblemError("invalid_request", "Expected one part image but received a second one");
    this.image = await this.options.intake.keep(file, this.claim);
  }

  async #takeJob({ file }: MultipartFile, readJob: (json: Buffer) => unknown): Promise<void> {
    if (this.#job !== undefined)
      throw new ProblemError("invalid_request", "Expected one part job but received a second one");
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of file as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > jobLimitBytes) throw new ProblemError("body_too_large", "Expected at most 1 MiB for the part job");
      chunks.push(chunk);
    }
    this.#job = readJob(Buffer.concat(chunks));
  }

  #takeStranger(part: MultipartFile): void {
    part.file.resume();
    if (this.#strangers.length >= 10) return;
    // The parser's types do not know of a part without one.
    const name = part.fieldname as string | undefined;
    const kind = isFile(part) ? "file" : "field";
    this.#strangers.push(name === undefined ? "a part without a name" : `${kind} ${JSON.stringify(name.slice(0, 60))}`);
  }
}

function isFile({ filename, mimetype }: MultipartFile): boolean {
  // The parser's types do not know of a part without one.
  return (filename as string | undefined) !== undefined || mimetype === "application/octet-stream";
}

/** An image takes no more than the whole form, of which the length may be told. */
function claimOf({ tenant, headers }: FastifyRequest, maxBytes: number): UploadClaim {
  const length = Number(headers["content-length"] ?? Number.POSITIVE_INFINITY);
  return { ...tenant.quotas, tenant: tenant.id, bytes: Math.min(length, maxBytes) };
}

/** Lets the client finish sending: many read the answer only then. `requestTimeout` bounds it. */
function drain({ raw }: FastifyRequest): void {
  raw.unpipe();
  raw.resume();
}

/** The form's parser knows its own errors only by their text. What it searches, its needle, is the boundary. */
function isBrokenForm(error: unknown): boolean {
  const isParsers = /multipart|terminated early|malformed part|needle/i;
  return error instanceof Error && isParsers.test(error.message) && !("code" in error);
}
