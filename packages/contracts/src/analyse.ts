import { type Static, Type } from "typebox";
import { RequestImage } from "./image-ref.js";
import { RequestedOptions } from "./job.js";
import { imageTasks } from "./task.js";

const fields = {
  task: Type.Optional(
    Type.Enum(imageTasks, { default: "detect", description: "`embed`: faces carry their embeddings, too." }),
  ),
  options: Type.Optional(RequestedOptions),
};

/** The JSON body of POST /v1/analyse. */
export const AnalyseRequest = Type.Object(
  { image: RequestImage, ...fields },
  { $id: "AnalyseRequest", additionalProperties: false },
);
export type AnalyseRequest = Static<typeof AnalyseRequest>;

/** The part `job` of a form for POST /v1/analyse, which may be left out. */
export const AnalysePart = Type.Object(fields, { $id: "AnalysePart", additionalProperties: false });
export type AnalysePart = Static<typeof AnalysePart>;
