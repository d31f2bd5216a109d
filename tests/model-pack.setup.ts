import { existsSync } from "node:fs";
import { pullPack } from "@facefleet/core/models";
import { floatPack, modelMirror, modelsDir } from "./support/test-data.js";

/** Makes the float32 weights ready once where a mirror of them is at hand; without one, their tests skip. */
export default async function provideFloatPack(): Promise<void> {
  if (existsSync(modelMirror)) await pullPack({ name: floatPack, modelsDir, mirror: modelMirror });
}
