import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type NamedTensor, WeightsFile, writeSafetensors } from "../src/models/index.js";

/** A weights file that is gone when the test has ended. */
export async function weightsOf(tensors: readonly NamedTensor[]): Promise<WeightsFile> {
  const folder = await mkdtemp(join(tmpdir(), "facefleet-weights-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "weights.safetensors");
  await writeSafetensors(path, tensors);
  const weights = await WeightsFile.open(path);
  onTestFinished(() => weights.close());
  return weights;
}
