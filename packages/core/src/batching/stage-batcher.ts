import type { BatchTimes, DynamicBatcher, DynamicBatcherOptions } from "./dynamic-batcher.js";

/**
 * The stages of the pipeline that form batches: of images, of candidates twice, of faces. The last goes first where
 * several wait for the device: what has been begun is finished before more is begun.
 */
export const stages = ["propose", "refine", "output", "embed"] as const;
type Stage = (typeof stages)[number];

export interface BatchReport extends BatchTimes {
  readonly stage: Stage;
}

interface StageOptions<Item, Result> extends Pick<DynamicBatcherOptions<Item, Result>, "run" | "weight"> {
  readonly stage: Stage;
  /** The pipeline's own limit, in images, unless told. */
  readonly maxBatchSize?: number;
}

/** Makes the batcher of a stage, with the limits and the reports that all stages share. */
export type StageBatcher = <Item, Result>(options: StageOptions<Item, Result>) => DynamicBatcher<Item, Result>;
