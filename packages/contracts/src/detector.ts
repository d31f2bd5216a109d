interface DetectorDefinition {
  /** The `minConfidence` of those who name none: where each detector's faces are about as sure. */
  readonly minConfidence: number;
}

/** What finds faces. What else a new one takes: docs/extending.md. */
export const detectorCatalogue = {
  mtcnn: { minConfidence: 0.9 },
  yunet: { minConfidence: 0.7 },
} as const satisfies Record<string, DetectorDefinition>;

export type DetectorName = keyof typeof detectorCatalogue;
export const detectorNames = Object.keys(detectorCatalogue) as DetectorName[];

/** What finds faces where nobody says. */
export const usualDetector = "mtcnn" satisfies DetectorName;
