import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { ProblemError, type RequestImage } from "@facefleet/contracts";
import type { UploadClaim } from "@facefleet/platform";
import type { FastifyRequest } from "fastify";
import { Base64Text } from "../wire/base64-text.js";
import { JsonPlaces } from "../wire/json-places.js";
import type { ImageIntake, StoredImage } from "./image-intake.js";
import { about, type ReceivedImage, receivedUpload } from "./received-image.js";
import { uploadClaimOf } from "./upload-claim.js";

export interface ImageJson {
  /** The JSON, not yet checked. Of images that came along, `data` only says which they are. */
  readonly body: unknown;
  readonly inline: InlineImages;
}

interface JsonOptions {
  readonly intake: ImageIntake;
  readonly maxBytes: number;
  /** Where images may come along, as JSON pointers. */
  readonly places: RegExp;
  /** How many. */
  readonly most: number;
  readonly parse: (request: FastifyRequest, json: Buffer) => Promise<unknown>;
}

/**
 * Reads JSON in which images may come along as base64. These are streamed to the store while the JSON arrives, so that no
 * more of one is held than the store is behind; what is left may be as long as every body.
 *
 * @throws ProblemError for JSON that is not as expected; the store keeps nothing of it
 */
export async function readImageJson(request: FastifyRequest, options: JsonOptions): Promise<ImageJson> {
  const inline = new InlineImages(options, () => uploadClaimOf(request, options.maxBytes));
  try {
    const json = await readText(request, options, inline);
    return { body: await options.parse(request, json), inline };
  } catch (error) {
    request.raw.resume();
    await inline.discard();
    throw error;
  }
}

/** All but the images. */
async function readText(request: FastifyRequest, { places }: JsonOptions, inline: InlineImages): Promise<Buffer> {
  const limit = request.routeOptions.bodyLimit;
  const reader = new JsonPlaces((place) => places.test(place));
  const text: Buffer[] = [];
  let size = 0;
  const keep = (bytes: Buffer) => {
    size += bytes.length;
    if (size > limit)
      throw new ProblemError(
        "body_too_large",
        `Expected at most ${limit} bytes besides images, which may be in data, but received more`,
      );
    text.push(bytes);
  };
  if (Buffer.isBuffer(request.body) && !mayNameData(request.body)) return request.body;
  for await (const chunk of chunksOf(request.body as Buffer | Readable)) {
    for (const piece of reader.read(chunk)) {
      if (piece.kind === "text") keep(piece.bytes);
      else if (piece.kind === "begin") keep(inline.begin(piece.place));
      else if (piece.kind === "inside") await inline.add(piece.bytes);
      else await inline.end();
    }
  }
  return Buffer.concat(text);
}

/** Whether JSON may have the name `data` somewhere, which it may write with escapes. */
function mayNameData(json: Buffer): boolean {
  return json.includes("data") || json.includes("\\u");
}

function chunksOf(body: Buffer | Readable): Iterable<Buffer> | AsyncIterable<Buffer> {
  return Buffer.isBuffer(body) ? [body] : body.iterator({ destroyOnReturn: false });
}

/** The images that came along with JSON, as uploads. */
export class InlineImages {
  readonly #options: JsonOptions;
  readonly #claim: () => UploadClaim;
  /** By what stands for them in the JSON, which nobody can guess. */
  readonly #images = new Map<string, StoredImage>();
  #open: OpenImage | undefined;

  constructor(options: JsonOptions, claim: () => UploadClaim) {
    this.#options = options;
    this.#claim = claim;
  }

  get uploads(): string[] {
    return [...this.#images.values()].map(({ uploadId }) => uploadId);
  }

  /** The image that stands in the JSON. */
  received(image: RequestImage): ReceivedImage {
    if (!("data" in image)) return { ref: image, identity: image };
    const stored = this.#images.get(image.data);
    if (!stored) throw new ProblemError("invalid_request", "Expected the name data once in each image");
    return receivedUpload(stored);
  }

  /** Begins with an image, and says what is to stand for it. */
  begin(place: string): Buffer {
    const { most } = this.#options;
    if (this.#images.size === most)
      throw new ProblemError("invalid_request", `Expected at most ${most} images in the JSON but received more`);
    this.#open = new OpenImage(place, (bytes) => this.#options.intake.keep(bytes, this.#claim()));
    return Buffer.from(this.#open.name);
  }

  async add(text: Buffer): Promise<void> {
    await this.#open?.add(text);
  }

  async end(): Promise<void> {
    if (!this.#open) return;
    this.#images.set(this.#open.name, await this.#open.end());
    this.#open = undefined;
  }

  /** Gives all of them up, also one that is arriving. */
  async discard(): Promise<void> {
    await this.#open?.abandon();
    await Promise.all(this.uploads.map((id) => this.#options.intake.discard(id)));
  }
}

/** An image that is arriving. */
class OpenImage {
  readonly name = randomBytes(16).toString("hex");
  readonly #text = new Base64Text();
  readonly #bytes = new PassThrough();
  readonly #stored: Promise<StoredImage>;

  constructor(
    private readonly place: string,
    keep: (bytes: Readable) => Promise<StoredImage>,
  ) {
    this.#stored = keep(this.#bytes).catch((error: unknown) => {
      this.#bytes.destroy();
      throw about(place, error);
    });
    // Whoever adds to it or ends it is told.
    this.#stored.catch(() => undefined);
  }

  async add(text: Buffer): Promise<void> {
    await this.#write(() => this.#text.take(text));
  }

  async end(): Promise<StoredImage> {
    await this.#write(() => this.#text.end());
    this.#bytes.end();
    return await this.#stored;
  }

  async abandon(): Promise<void> {
    this.#bytes.destroy();
    await this.#stored.catch(() => undefined);
  }

  async #write(decode: () => Buffer): Promise<void> {
    const bytes = this.#decoded(decode);
    if (this.#bytes.destroyed) await this.#stored;
    if (bytes.length > 0 && !this.#bytes.write(bytes)) await Promise.race([once(this.#bytes, "drain"), this.#stored]);
  }

  #decoded(decode: () => Buffer): Buffer {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const { place } = this;
      const message = `Expected base64, or a data URL of it, for ${place} but received ${error.message}`;
      throw new ProblemError("invalid_request", message, { extras: { errors: [{ path: place, message }] } });
    }
  }
}
