import { type ImageRef, ProblemError } from "@facefleet/contracts";
import {
  assertReadable,
  type Egress,
  type ObjectStore,
  type OriginCircuits,
  type OwnObjects,
} from "@facefleet/platform";
import { fetchUrl } from "./fetch-url.js";

/** Where images come from. */
export interface ImageSources {
  readonly store: ObjectStore;
  readonly own: OwnObjects;
  readonly egress: Egress;
  /** Of the hosts of image URLs. */
  readonly hosts: OriginCircuits;
}

export interface FetchOptions {
  readonly tenant: string;
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * The bytes of an image; rejects with its source's ProblemError, `upload_not_found` for an upload that is gone, or with
 * JobGivenBack where its host is to be asked later.
 */
export async function fetchImage(sources: ImageSources, image: ImageRef, options: FetchOptions): Promise<Buffer> {
  const { store, own } = sources;
  if ("upload" in image) return await fetchUpload(own, image.upload, options);
  if ("url" in image) return await fetchUrl(sources, image.url, options);
  assertReadable(store, image.s3);
  return await store.get(image.s3, options);
}

/** The bytes of an upload. @throws ProblemError `upload_not_found`, or the store's */
export async function fetchUpload(own: OwnObjects, id: string, options: FetchOptions): Promise<Buffer> {
  try {
    return await own.upload(id).get(options);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== "image_not_found") throw error;
    throw new ProblemError("upload_not_found", `Expected an upload ${id} but it is not there.`, { cause: error });
  }
}
