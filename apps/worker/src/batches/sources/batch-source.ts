import { ProblemError } from "@facefleet/contracts";
import {
  assertReadable,
  type BatchRecord,
  type BatchSteps,
  isBatchCopy,
  isReserved,
  type ObjectPlace,
  type ObjectRef,
  type ObjectStore,
  type OwnObjects,
  type UploadRegistry,
  uploadNotFound,
  uploadsOf,
} from "@facefleet/platform";
import { readManifest } from "./manifest-source.js";
import type { SourceItem, SourcePage } from "./source-page.js";
import { isGzip, unpackManifest } from "./unpacked-manifest.js";

/** The version of a manifest that is read where it was unpacked. */
const unpackedVersion = "unpacked";

export interface BatchSourceParts {
  readonly store: ObjectStore;
  readonly own: Pick<OwnObjects, "batchManifest">;
  readonly steps: Pick<BatchSteps, "listedItems">;
  readonly uploads: Pick<UploadRegistry, "ownOf">;
}

function unreadable(listed: string): ProblemError {
  const detail = `Expected a key that can be told from the bucket's list but received ${JSON.stringify(listed)}`;
  return new ProblemError("image_not_found", detail);
}

/** Reads the items of batches, wherever they are. */
export class BatchSource {
  constructor(private readonly parts: BatchSourceParts) {}

  /**
   * The items from the record's cursor on: at most `limit`, and fewer although there are more; with the tenant's own
   * among the uploads that they name, once for each item.
   */
  async read(record: BatchRecord, limit: number): Promise<SourcePage & { readonly uploads: readonly string[] }> {
    const page = await this.#page(record, limit);
    return { ...page, ...(await this.checked(record, page.items)) };
  }

  /** Has those items fail that their tenant may not have analysed; with its own among the uploads that they name. */
  async checked(record: BatchRecord, items: readonly SourceItem[]) {
    const named = items.flatMap((item) => ("fault" in item ? [] : uploadsOf({ images: [item.image] })));
    const uploads = await this.parts.uploads.ownOf(record.plan.tenant, named);
    const own = new Set(uploads);
    return { items: items.map((item) => this.#checked(record, item, own)), uploads };
  }

  #page(record: BatchRecord, limit: number): Promise<SourcePage> {
    const { plan } = record;
    if ("manifest" in plan.source) return this.#manifest(record, plan.source.manifest.s3, limit);
    if ("prefix" in plan.source) return this.#list(record, plan.source.prefix.s3, limit);
    return this.#listed(record, limit);
  }

  /** One that is packed is unpacked first, into a place of the service's own: there it can be read from anywhere in it. */
  async #manifest(record: BatchRecord, ref: ObjectRef, limit: number): Promise<SourcePage> {
    const { store, own } = this.parts;
    const { id, cursor, version, state } = record;
    const place = { cursor, version, limit, isCounting: state === "queued" };
    const unpacked = own.batchManifest(id);
    const isFirst = place.isCounting && cursor === "";
    const isPacked = isFirst ? await isGzip(store, ref) : version === unpackedVersion;
    if (!isPacked) return readManifest({ getPart: (range) => store.getPart(ref, range) }, place);
    if (isFirst) await unpackManifest(store, ref, unpacked);
    return { ...(await readManifest(unpacked, { ...place, version: "" })), version: unpackedVersion };
  }

  /** To be called before a batch is finished: deletes what was kept of its source. */
  async release({ id, plan }: BatchRecord): Promise<void> {
    if ("manifest" in plan.source) await this.parts.own.batchManifest(id).delete();
  }

  async #listed({ id, total, cursor }: BatchRecord, limit: number): Promise<SourcePage> {
    const from = Number(cursor || 0);
    const items = await this.parts.steps.listedItems(id, from, limit);
    const next = from + items.length;
    return { items, cursor: String(next), version: "", isLast: next >= total };
  }

  /** Every object but the service's own, what the batch itself writes, and the empty ones that stand for folders. */
  async #list({ id, plan, cursor }: BatchRecord, place: ObjectPlace, limit: number): Promise<SourcePage> {
    const { output } = plan;
    const page = await this.parts.store.list(place, { limit, ...(cursor !== "" && { cursor }) });
    const refs = page.keys.map((key) => ({ bucket: place.bucket, key }));
    const isOwn = (ref: ObjectRef) => isReserved(this.parts.store, ref) || (output && isBatchCopy(output.s3, id, ref));
    const items = refs.filter((ref) => !ref.key.endsWith("/") && !isOwn(ref));
    const faults = (page.unreadable ?? []).map((listed) => ({ fault: unreadable(listed) }));
    return {
      items: [...items.map((s3) => ({ image: { s3 } })), ...faults],
      cursor: page.cursor ?? cursor,
      version: "",
      isLast: page.cursor === undefined,
    };
  }

  #checked({ plan }: BatchRecord, item: SourceItem, ownUploads: ReadonlySet<string>): SourceItem {
    if ("fault" in item) return item;
    const { image } = item;
    const isForeign = "upload" in image && !ownUploads.has(image.upload);
    const fault = isForeign ? uploadNotFound(image.upload) : "s3" in image && this.#objectFault(plan, image.s3);
    return fault ? { ...item, fault } : item;
  }

  #objectFault({ allowedBuckets }: BatchRecord["plan"], ref: ObjectRef): ProblemError | undefined {
    try {
      assertReadable(this.parts.store, ref, allowedBuckets && new Set(allowedBuckets));
      return undefined;
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }
}
