/** One way of showing a face to the network. */
export interface FaceView {
  /** `margin`: the box and a margin, upright as in the image. `landmarks`: turned and scaled so that they fall in place. */
  readonly alignment: "margin" | "landmarks";
  readonly mirrored: boolean;
}

const margin: FaceView = { alignment: "margin", mirrored: false };
const aligned: FaceView = { alignment: "landmarks", mirrored: false };
const mirrored = (view: FaceView): FaceView => ({ ...view, mirrored: true });

/** How a face is embedded: as the mean direction of the embeddings of its views. */
export interface EmbeddingRecipe {
  readonly views: readonly FaceView[];
  /** Which of the pack's mean embeddings is subtracted, so that what all faces share does not count; none unless told. */
  readonly mean?: "standard" | "high";
}

/**
 * The kinds of embeddings. Jobs choose between `standard` and `high`; the others are there to be measured
 * (docs/adr/0007), those that are `raw` also to be compared with the reference, which subtracts no mean. Embeddings of
 * different kinds have different fingerprints.
 */
export const embeddingKinds = {
  standard: { views: [margin], mean: "standard" },
  high: { views: [margin, aligned], mean: "high" },
  "standard-raw": { views: [margin] },
  "high-raw": { views: [margin, aligned] },
  "aligned-raw": { views: [aligned] },
  "standard-flip-raw": { views: [margin, mirrored(margin)] },
  "high-flip-raw": { views: [margin, aligned, mirrored(margin), mirrored(aligned)] },
} as const satisfies Record<string, EmbeddingRecipe>;

export type EmbeddingKind = keyof typeof embeddingKinds;
