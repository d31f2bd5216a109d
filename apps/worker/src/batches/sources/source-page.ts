import type { ImageRef, ProblemError } from "@facefleet/contracts";

/** An item, or why it cannot be one. */
export type SourceItem = { readonly image: ImageRef } | { readonly fault: ProblemError; readonly image?: ImageRef };

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
