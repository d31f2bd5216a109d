import type { LabelledImage, ProblemError } from "@facefleet/contracts";
import type { ChunkItem } from "@facefleet/platform";

/** An item, or why it cannot be one. */
export type SourceItem = LabelledImage | (Partial<LabelledImage> & { readonly fault: ProblemError });

/** Some of a batch's items, in their order. */
export interface SourcePage {
  readonly items: readonly SourceItem[];
  /** Where the next page starts. */
  readonly cursor: string;
  /** Which version of the source was read; empty where it has none. */
  readonly version: string;
  /** Whether there are no more items. */
  readonly isLast: boolean;
}

/** An item as it is queued, or as it fails at once. */
export function chunkItem(item: SourceItem, index: number): ChunkItem {
  if (!("fault" in item)) return { index, ...item };
  const { fault, ...rest } = item;
  return { index, ...rest, error: fault.toProblem() };
}
