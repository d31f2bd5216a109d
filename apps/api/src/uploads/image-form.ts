import { ProblemError } from "@facefleet/contracts";
import type { UploadClaim } from "@facefleet/platform";
import type { Multipart, MultipartFile } from "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import { unexpectedMediaType } from "../server/problem-answers.js";
import type { ImageIntake, StoredImage } from "./image-intake.js";
import { about } from "./received-image.js";
import { uploadClaimOf } from "./upload-claim.js";

export const jobLimitBytes = 1_048_576;

/** The file parts that a form may have: one image, or two that are compared. */
export const imageParts = { one: ["image"], pair: ["image1", "image2"] } as const;

export interface ImageForm {
  /** In the order of their parts' names. */
  readonly images: readonly StoredImage[];
  /** The JSON of the part `job`, not yet checked; undefined when the form has none. */
  readonly job: unknown;
}

interface FormOptions {
  readonly intake: ImageIntake;
  /** The sets of file parts, of which the form has one. */
  readonly parts: readonly (readonly string[])[];
  readonly maxBytes: number;
  /** Reads the part `job`; a form that may not have one gives no reader. */
  readonly readJob?: (json: Buffer) => unknown;
}

/**
 * Reads a form with one set of file parts, in any order with `job`. Images are streamed to the store.
 * @throws ProblemError for a form that is not as expected; the store keeps nothing of it
 */
export async function readImageForm(request: FastifyRequest, options: FormOptions): Promise<ImageForm> {
  if (!request.isMultipart()) throw unexpectedMediaType(request);
  const reader = new FormReader(options, uploadClaimOf(request, options.maxBytes));
  try {
    for await (const part of request.parts()) await reader.take(part);
    return reader.finish();
  } catch (error) {
    drain(request);
    await Promise.all(reader.stored.map(({ uploadId }) => options.intake.discard(uploadId)));
    throw isBrokenForm(error)
      ? new ProblemError("invalid_request", "Expected a whole multipart form but received a broken one", {
          cause: error,
        })
      : error;
  }
}

class FormReader {
  readonly #images = new Map<string, StoredImage>();
  #job: unknown;
  readonly #strangers: string[] = [];

  constructor(
    readonly options: FormOptions,
    private readonly claim: UploadClaim,
  ) {}

  get stored(): StoredImage[] {
    return [...this.#images.values()];
  }

  async take(part: Multipart): Promise<void> {
    if (part.type !== "file") throw new Error("Expected every part of a form to be read as a file");
    const { readJob, parts } = this.options;
    if (part.fieldname === "job" && readJob) await this.#takeJob(part, readJob);
    else if (parts.flat().includes(part.fieldname) && isFile(part)) await this.#takeImage(part);
    else this.#takeStranger(part);
  }

  finish(): ImageForm {
    const { parts, readJob } = this.options;
    const names = parts.find((set) => set.length === this.#images.size && set.every((name) => this.#images.has(name)));
    const others = [...[...this.#images.keys()].map((name) => `file ${JSON.stringify(name)}`), ...this.#strangers];
    if (!names) {
      const expected = parts.map((set) =>
        set.length === 1 ? `a file part ${set[0]}` : `file parts ${set.join(" and ")}`,
      );
      const received = others.length > 0 ? others.join(", ") : "none";
      throw new ProblemError("missing_image", `Expected ${expected.join(", or ")} but received ${received}`);
    }
    if (this.#strangers.length > 0) {
      const known = [...names, ...(readJob ? ["job"] : [])].join(" and ");
      const received = this.#strangers.join(", ");
      throw new ProblemError("invalid_request", `Expected no other part than ${known} but received ${received}`);
    }
    return { images: names.map((name) => this.#images.get(name) as StoredImage), job: this.#job };
  }

  async #takeImage({ file, fieldname }: MultipartFile): Promise<void> {
    if (this.#images.has(fieldname)) {
      throw new ProblemError("invalid_request", `Expected one part ${fieldname} but received a second one`);
    }
    const isOfSeveral = fieldname !== "image";
    const stored = await this.options.intake.keep(file, this.claim).catch((error: unknown) => {
      throw isOfSeveral ? about(`the part ${fieldname}`, error) : error;
    });
    this.#images.set(fieldname, stored);
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
