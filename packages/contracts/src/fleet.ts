import { type Static, Type } from "typebox";
import { ModelInfo } from "./face.js";

/** What a worker says about itself while it is ready. */
export const WorkerInfo = Type.Object(
  {
    id: Type.String(),
    engine: Type.String({ description: "onnx-cpu, tfjs-wasm, ..." }),
    device: Type.String({ description: "The device that the engine really got." }),
    arithmetic: Type.Optional(
      Type.String({
        description:
          "What FaceNet is computed by: `int8`, or `int8-widened` or `float32` where kernels for 8 bits would overflow or are not to be had. The embeddings are the same.",
      }),
    ),
    model: ModelInfo,
    startedAt: Type.String({ format: "date-time" }),
  },
  { $id: "WorkerInfo" },
);
export type WorkerInfo = Static<typeof WorkerInfo>;

/** How much a worker has to do. */
export const WorkerLoad = Type.Object(
  {
    jobsInFlight: Type.Integer({ minimum: 0 }),
    jobsPerMinute: Type.Integer({ minimum: 0, description: "Jobs that it ended within the last minute." }),
  },
  { $id: "WorkerLoad" },
);
export type WorkerLoad = Static<typeof WorkerLoad>;

const Waiting = Type.Object({
  jobs: Type.Integer(),
  oldestSeconds: Type.Number({ description: "How long ago the job was submitted that is next; 0 when none waits." }),
});

/** What is going on in the whole fleet. */
export const FleetState = Type.Object(
  {
    waiting: Type.Object(
      { interactive: Waiting, high: Waiting, normal: Waiting, low: Waiting },
      { description: "Jobs that wait for a worker, by priority." },
    ),
    paused: Type.Boolean({ description: "Whether somebody has paused the queue: no worker takes a job." }),
    active: Type.Integer({ description: "Jobs in the hands of workers." }),
    delayed: Type.Integer({ description: "Jobs that wait for their next attempt." }),
    batches: Type.Integer({ description: "Batches that have not ended." }),
    undelivered: Type.Object(
      {
        events: Type.Integer(),
        oldestSeconds: Type.Number({ description: "How long ago the first of them happened; 0 when there is none." }),
      },
      { description: "Webhooks that are to be sent, those that wait for their next attempt included." },
    ),
  },
  { $id: "FleetState" },
);
export type FleetState = Static<typeof FleetState>;

/** A ready worker, as it said last: workers speak every five seconds. */
export const FleetWorker = Type.Object({ ...WorkerInfo.properties, load: WorkerLoad }, { $id: "FleetWorker" });
export type FleetWorker = Static<typeof FleetWorker>;

/** The answer of GET /v1/fleet. */
export const FleetAnswer = Type.Object(
  { workers: Type.Array(FleetWorker), ...FleetState.properties },
  { $id: "FleetAnswer" },
);
export type FleetAnswer = Static<typeof FleetAnswer>;

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
