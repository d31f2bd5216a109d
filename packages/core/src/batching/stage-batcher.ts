import type { BatchTimes, DynamicBatcher, DynamicBatcherOptions } from "./dynamic-batcher.js";

/** The stages of the pipeline that form batches: of images, of candidates twice, of faces. */
type Stage = "propose" | "refine" | "output" | "embed";

export interface BatchReport extends BatchTimes {
  readonly stage: Stage;
}

interface StageOptions<Item, Result> extends Pick<DynamicBatcherOptions<Item, Result>, "run"> {
  readonly stage: Stage;
  /** The pipeline's own limit, in images, unless told. */
  readonly maxBatchSize?: number;
}

/** Makes the batcher of a stage, with the limits and the reports that all stages share. */
export type StageBatcher = <Item, Result>(options: StageOptions<Item, Result>) => DynamicBatcher<Item, Result>;
