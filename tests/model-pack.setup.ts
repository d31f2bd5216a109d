import { existsSync } from "node:fs";
import { pullPack } from "@facefleet/core/models";
import { modelMirror, modelsDir } from "./support/test-data.js";

/** Makes the real weights ready once where a mirror of them is at hand; without one, their tests skip. */
export default async function provideModelPack(): Promise<void> {
  if (existsSync(modelMirror)) await pullPack({ modelsDir, mirror: modelMirror });
}
