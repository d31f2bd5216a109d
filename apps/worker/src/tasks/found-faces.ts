import { analysed } from "./analysed.js";
import { toAnalysisResult } from "./result.js";

/** `detect` and `embed`: the faces of an image. Whether they are embedded, the task says. */
export const foundFaces = analysed(([analysis], { options }, times) =>
  toAnalysisResult(analysis!, { format: options, ...times }),
);
