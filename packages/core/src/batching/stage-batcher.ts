import type { BatchTimes, DynamicBatcher, DynamicBatcherOptions } from "./dynamic-batcher.js";

/**
 * The stages of the pipeline that form batches: of images, of candidates twice, of faces. The last goes first where
 * several wait for the device: what has been begun is finished before more is begun.
 */
export const batchStages = ["propose", "refine", "output", "embed"] as const;
export type BatchStage = (typeof batchStages)[number];

export interface BatchReport extends BatchTimes {
  readonly stage: BatchStage;
}

interface StageOptions<Item, Result>
  extends Pick<DynamicBatcherOptions<Item, Result>, "run" | "maxBatchOf" | "weight"> {
  readonly stage: BatchStage;
  /** The pipeline's own limit unless told. */
  readonly maxBatchSize?: number;
}

/** Makes the batcher of a stage, with the limits and the reports that all stages share. */
export type StageBatcher = <Item, Result>(options: StageOptions<Item, Result>) => DynamicBatcher<Item, Result>;
