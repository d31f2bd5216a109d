import { foundFaces } from "./found-faces.js";
import { match } from "./match.js";
import type { RunTasks } from "./task.js";
import { verify } from "./verify.js";

export const tasks: RunTasks = {
  detect: foundFaces,
  embed: foundFaces,
  verify,
  match,
};
