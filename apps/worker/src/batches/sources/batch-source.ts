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
  type UploadRegistry,
  uploadNotFound,
  uploadsOf,
} from "@facefleet/platform";
import { readManifest } from "./manifest-source.js";
import type { SourceItem, SourcePage } from "./source-page.js";

/** Reads the items of batches, wherever they are. */
export class BatchSource {
  constructor(
    private readonly store: ObjectStore,
    private readonly steps: BatchSteps,
    private readonly uploads: Pick<UploadRegistry, "ownOf">,
  ) {}

  /**
   * The items from the record's cursor on: at most `limit`, and fewer although there are more; with the tenant's own
   * among the uploads that they name, once for each item.
   */
  async read(record: BatchRecord, limit: number): Promise<SourcePage & { readonly uploads: readonly string[] }> {
    const page = await this.#page(record, limit);
    const named = page.items.flatMap((item) => ("fault" in item ? [] : uploadsOf({ images: [item.image] })));
    const uploads = await this.uploads.ownOf(record.plan.tenant, named);
    const own = new Set(uploads);
    return { ...page, items: page.items.map((item) => this.#checked(record, item, own)), uploads };
  }

  #page(record: BatchRecord, limit: number): Promise<SourcePage> {
    const { plan, cursor, version } = record;
    if ("manifest" in plan.source) return readManifest(this.store, plan.source.manifest.s3, { cursor, version, limit });
    if ("prefix" in plan.source) return this.#list(record, plan.source.prefix.s3, limit);
    return this.#listed(record, limit);
  }

  async #listed({ id, total, cursor }: BatchRecord, limit: number): Promise<SourcePage> {
    const from = Number(cursor || 0);
    const images = await this.steps.listedItems(id, from, limit);
    const next = from + images.length;
    return { items: images.map((image) => ({ image })), cursor: String(next), version: "", isLast: next >= total };
  }

  /** Every object but the service's own, what the batch itself writes, and the empty ones that stand for folders. */
  async #list({ id, plan, cursor }: BatchRecord, place: ObjectPlace, limit: number): Promise<SourcePage> {
    const { output } = plan;
    const page = await this.store.list(place, { limit, ...(cursor !== "" && { cursor }) });
    const refs = page.keys.map((key) => ({ bucket: place.bucket, key }));
    const isOwn = (ref: ObjectRef) => isReserved(this.store, ref) || (output && isBatchCopy(output.s3, id, ref));
    const items = refs.filter((ref) => !ref.key.endsWith("/") && !isOwn(ref));
    return {
      items: items.map((s3) => ({ image: { s3 } })),
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
    return fault ? { fault, image } : item;
  }

  #objectFault({ allowedBuckets }: BatchRecord["plan"], ref: ObjectRef): ProblemError | undefined {
    try {
      assertReadable(this.store, ref, allowedBuckets && new Set(allowedBuckets));
      return undefined;
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }
}
