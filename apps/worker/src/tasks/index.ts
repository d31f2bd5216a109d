import type { Task } from "@facefleet/contracts";
import { foundFaces } from "./found-faces.js";
import { match } from "./match.js";
import type { RunTask } from "./task.js";
import { verify } from "./verify.js";

/** How each task is done. */
export const tasks: Readonly<Record<Task, RunTask>> = {
  detect: foundFaces,
  embed: foundFaces,
  verify,
  match,
};
