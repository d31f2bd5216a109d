import {
  type DeleteMarkerEntry,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ObjectVersion,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { ObjectRef } from "./object-store.js";

/** Requests on their way at once, for one object. */
const deletionsAtOnce = 16;
/** How often what stays is tried again. */
const mostRepeats = 3;

/**
 * Deletes objects for good. A bucket that keeps versions only hides what is deleted behind a marker: there every version
 * of the object is deleted, and the marker.
 */
export class S3Deletion {
  readonly #client: S3Client;
  readonly #versionedBuckets = new Set<string>();

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** A bucket that is not known to keep versions shows it by the marker that the first deletion leaves. */
  knowVersioned(bucket: string): void {
    this.#versionedBuckets.add(bucket);
  }

  /** Rejects when a version stays, which is hidden then: with the SDK's error, if that says why. */
  async delete(ref: ObjectRef): Promise<void> {
    if (!this.#versionedBuckets.has(ref.bucket)) {
      const { DeleteMarker } = await this.#deleteVersion(ref);
      if (!DeleteMarker) return;
      this.knowVersioned(ref.bucket);
    }
    try {
      await this.#deleteVersions(ref);
    } catch (error) {
      await this.#hide(ref);
      throw error;
    }
  }

  /** One more marker for what is hidden already would be one more each time that its deletion is tried. */
  async #hide({ bucket, key }: ObjectRef): Promise<void> {
    const isThere = this.#client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })).then(
      () => true,
      () => false,
    );
    if (await isThere) await this.#deleteVersion({ bucket, key });
  }

  /** Looks again until nothing is left. Without its markers, an object that still has a version could be read. */
  async #deleteVersions(ref: ObjectRef): Promise<void> {
    const tried = new Set<string>();
    for (let repeats = 0; repeats <= mostRepeats; ) {
      const { versions, markers } = await this.#versionsOf(ref);
      const found = versions.length > 0 ? versions : markers.filter((id) => !tried.has(id));
      if (found.length === 0) return;
      if (found.every((id) => tried.has(id))) repeats += 1;
      await eachOf(found, (versionId) => this.#deleteVersion({ ...ref, versionId }));
      for (const id of found) tried.add(id);
    }
    throw new Error(`Expected ${ref.bucket} to delete every version of an object but some stay`);
  }

  #deleteVersion({ bucket, key, versionId }: ObjectRef) {
    return this.#client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  }

  /** The first thousand or so. Keys are listed in their order, and an object's comes before all that it begins. */
  async #versionsOf({ bucket, key }: ObjectRef): Promise<{ versions: string[]; markers: string[] }> {
    const page = await this.#client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
    const idsOf = (found: readonly (DeleteMarkerEntry | ObjectVersion)[] = []) =>
      found.flatMap(({ Key, VersionId }) => (Key === key && VersionId !== undefined ? [VersionId] : []));
    return { versions: idsOf(page.Versions), markers: idsOf(page.DeleteMarkers) };
  }
}

async function eachOf(ids: readonly string[], run: (id: string) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < ids.length; start += deletionsAtOnce) {
    await Promise.all(ids.slice(start, start + deletionsAtOnce).map(run));
  }
}
