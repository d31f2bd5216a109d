/** One way of showing a face to the network. */
export interface FaceView {
  /** `margin`: the box and a margin, upright as in the image. `landmarks`: turned and scaled so that they fall in place. */
  readonly alignment: "margin" | "landmarks";
  readonly mirrored: boolean;
}

const margin: FaceView = { alignment: "margin", mirrored: false };
const aligned: FaceView = { alignment: "landmarks", mirrored: false };
const mirrored = (view: FaceView): FaceView => ({ ...view, mirrored: true });

/**
 * The kinds of embeddings: each is the mean direction of the embeddings of its views. Jobs choose between
 * `standard` and `high`; the others are there to be measured (docs/adr/0007). Embeddings of different kinds have
 * different fingerprints.
 */
export const embeddingKinds = {
  standard: [margin],
  high: [margin, aligned],
  aligned: [aligned],
  "standard-flip": [margin, mirrored(margin)],
  "high-flip": [margin, aligned, mirrored(margin), mirrored(aligned)],
} as const satisfies Record<string, readonly FaceView[]>;

export type EmbeddingKind = keyof typeof embeddingKinds;
