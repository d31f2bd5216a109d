import type { EngineChoice } from "@facefleet/core";
import type { Environment } from "@facefleet/stack";
import type { BenchReport } from "./bench-report.js";

/** What every benchmark may use. */
export interface BenchContext {
  /** The checkout; its built programs are what runs. */
  readonly rootDir: string;
  /** What programs that are started inherit. */
  readonly env: Environment;
  /** The model pack, and where packs are that are not built in. */
  readonly pack: string;
  readonly modelsDir: string;
  readonly tfjsNodeDir: string;
  readonly engine: EngineChoice;
  /** The photos to measure with, where a benchmark needs any. */
  readonly photosDir: string | undefined;
  /** How long `soak` runs. */
  readonly minutes: number;
  /** How long `faults` lets things break, and which random moments it takes. */
  readonly seconds: number;
  readonly seed: number;
  /** Registers what is to be done when the user wants an end. A benchmark that registers nothing ends at once. */
  readonly onStopSignal: (listener: () => void) => void;
  /** Tells people what is being done. */
  readonly say: (line: string) => void;
}

export type Benchmark = (context: BenchContext) => Promise<BenchReport>;
