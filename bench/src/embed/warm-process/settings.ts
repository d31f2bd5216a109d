import type { BenchContext } from "../../bench-context.js";

/** What a process needs to know to have a pipeline warm. */
export type WarmSettings = Pick<BenchContext, "modelsDir" | "tfjsNodeDir" | "engine" | "pack">;
