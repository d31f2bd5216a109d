import type { EngineChoice, EngineName } from "../engine-names.js";
import type { Arithmetic, EngineOptions, Tensor } from "../inference-engine.js";

/** What the thread is started with. */
export interface EngineThreadSettings {
  readonly choice: EngineChoice;
  readonly options: EngineOptions;
}

/** What the thread says first. */
export interface EngineStarted {
  readonly name: EngineName;
  readonly device: string;
  readonly arithmetics: readonly Arithmetic[];
  readonly reason: string;
}

/** What the thread is asked. Each request is answered. */
export type EngineRequest =
  | {
      readonly type: "compile";
      /** Its name. */
      readonly network: string;
      readonly weightsPath: string;
      readonly arithmetic: Arithmetic | undefined;
    }
  | {
      readonly type: "run";
      readonly session: number;
      /** Its numbers are in memory that both threads see. */
      readonly input: Tensor;
    }
  | { readonly type: "close"; readonly session: number };

export type EngineAnswer = { readonly id: number; readonly tensors: LivingTensors } & (
  | { readonly result: EngineResult }
  | { readonly error: unknown; readonly isOutOfMemory: boolean }
);

/** What a library warns of: a thread has warnings of its own. */
export interface EngineWarning {
  readonly warning: Error;
}

/** The number of a new session; the outputs of a run, by name; nothing of a closed session. */
export type EngineResult = number | Record<string, Tensor> | undefined;

/** The tensors of an engine that counts them. */
export interface LivingTensors {
  readonly count: number | undefined;
  readonly bytes: number | undefined;
}
