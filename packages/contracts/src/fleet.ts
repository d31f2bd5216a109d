import { type Static, Type } from "typebox";
import { ModelInfo } from "./face.js";

/** What a worker says about itself while it is ready. */
export const WorkerInfo = Type.Object(
  {
    id: Type.String(),
    engine: Type.String({ description: "onnx-cpu, tfjs-wasm, ..." }),
    device: Type.String({ description: "The device that the engine really got." }),
    model: ModelInfo,
    startedAt: Type.String({ format: "date-time" }),
  },
  { $id: "WorkerInfo" },
);
export type WorkerInfo = Static<typeof WorkerInfo>;

/** The answer of GET /v1/models. */
export const ModelsAnswer = Type.Object({ workers: Type.Array(WorkerInfo) }, { $id: "ModelsAnswer" });
export type ModelsAnswer = Static<typeof ModelsAnswer>;

/** The answer of /livez and /readyz. */
export const ProbeAnswer = Type.Object(
  {
    status: Type.Enum(["ok", "unavailable"]),
    checks: Type.Record(Type.String(), Type.String(), { description: "`ok`, or what is wrong." }),
  },
  { $id: "ProbeAnswer" },
);
export type ProbeAnswer = Static<typeof ProbeAnswer>;
