import type { Readable } from "node:stream";
import { type ImageRef, imageContentTypes, type RequestImage } from "@facefleet/contracts";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { unexpectedMediaType } from "../server/problem-answers.js";
import type { ApiServices } from "../services.js";
import { takeImageBodies } from "../wire/image-bodies.js";
import { jobPartReader, jsonBodyReader } from "../wire/json-reader.js";
import { readImageForm } from "./image-form.js";
import type { StoredImage } from "./image-intake.js";
import { readImageJson } from "./image-json.js";
import { expectReadable } from "./named-images.js";
import { uploadClaimOf } from "./upload-claim.js";

/** What a request brought to a route that answers at once. */
interface SimpleRequest {
  /** Its JSON, or the part `job` of its form, not yet checked; undefined where it has none. */
  readonly said: unknown;
  /** Whether what it says is JSON that names its images. */
  readonly isJson: boolean;
  /** The images that came along. */
  readonly uploads: readonly string[];
  /**
   * Where its images are, in the order of their names.
   * @param said the checked JSON; of no meaning to a request without
   * @throws ProblemError where one that is named may not be read, or is not there
   */
  images(said: Readonly<Record<string, RequestImage>>): Promise<ImageRef[]>;
}

/** The names of its images in a form and in JSON, and whether the form may have a part `job`. */
interface Expected {
  readonly names: readonly string[];
  readonly job?: boolean;
}

type SimpleReader = (request: FastifyRequest, expected: Expected) => Promise<SimpleRequest>;

/** Has the routes of a scope take images in a form, in JSON and, where it is one, as the body itself. */
export function simpleRequests(app: FastifyInstance, services: ApiServices): SimpleReader {
  const readJob = jobPartReader(app);
  const parse = jsonBodyReader(app);
  takeImageBodies(app);
  const { intake, config } = services;
  const maxBytes = config.MAX_IMAGE_BYTES;

  return async (request, { names, job = false }) => {
    if (request.isMultipart()) {
      const parts = [names];
      const form = await readImageForm(request, { intake, parts, maxBytes, ...(job && { readJob }) });
      return ofStored(form.images, form.job);
    }
    if (request.body === undefined) throw unexpectedMediaType(request);
    if (isImage(request)) {
      if (names.length > 1) throw unexpectedMediaType(request);
      return ofStored([await intake.keep(request.body as Readable, uploadClaimOf(request, maxBytes))]);
    }
    const places = new RegExp(`^/(${names.join("|")})/data$`);
    const { body, inline } = await readImageJson(request, { intake, maxBytes, parse, places, most: names.length });
    const images = async (said: Readonly<Record<string, RequestImage>>) => {
      const asked = names.map((name) => said[name] as RequestImage);
      const named = asked.filter((image): image is ImageRef => !("data" in image));
      await expectReadable(services, request.tenant, named);
      return asked.map((image) => inline.received(image).ref);
    };
    return { said: body, isJson: true, uploads: inline.uploads, images };
  };
}

function ofStored(images: readonly StoredImage[], said?: unknown): SimpleRequest {
  const uploads = images.map(({ uploadId }) => uploadId);
  return { said, isJson: false, uploads, images: async () => uploads.map((upload) => ({ upload })) };
}

function isImage({ headers }: FastifyRequest): boolean {
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  return (imageContentTypes as readonly (string | undefined)[]).includes(type);
}
