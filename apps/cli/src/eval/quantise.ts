import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createEngine } from "@facefleet/core";
import { type NamedTensor, type PinnedFile, packManifest, WeightsFile, writeSafetensors } from "@facefleet/core/models";
import { floatTwin, type QuantisationProgress, quantisedPack } from "@facefleet/core/quantisation";
import { type EvalProgress, startEvalProgress } from "./eval-progress.js";
import { photoFiles } from "./photo-files.js";

export interface QuantiseOptions {
  /** The pack to make, and the one with its float32 weights, which borrows of it. */
  readonly pack: string;
  readonly twin: string;
  /** A safetensors file with the float32 weights. */
  readonly weights: string;
  /** A folder of photos of many people. */
  readonly photos: string;
  readonly checkPhotos: readonly string[];
  /** The folder that the pack is written to. */
  readonly out: string;
  /** The file that says size and sha256 of both packs. */
  readonly pins: string;
}

/**
 * Makes a quantised pack from float32 weights, and pins it and its float32 twin. On WebAssembly, whose sums are the same
 * on every machine: so are the bytes.
 */
export async function quantise(options: QuantiseOptions): Promise<string> {
  const { engine } = await createEngine("tfjs-wasm");
  const weights = await WeightsFile.open(options.weights);
  const progress = new StepProgress();
  const tensors = await quantisedPack({
    engine,
    pack: { manifest: packManifest(options.pack), weights },
    photos: (await photoFiles(options.photos)).map((file) => () => readFile(file)),
    checkPhotos: await Promise.all(options.checkPhotos.map((file) => readFile(file))),
    onProgress: (report) => progress.show(report),
  }).finally(() => progress.stop());
  const file = join(options.out, `${options.pack}.safetensors`);
  const twinFile = join(options.out, `.${options.twin}.safetensors`);
  const pins = {
    [options.twin]: await write(twinFile, floatTwin(packManifest(options.twin), weights, tensors)),
    [options.pack]: await write(file, tensors),
  };
  await rm(twinFile);
  await writeFile(options.pins, `${JSON.stringify(pins, undefined, 2)}\n`);
  return file;
}

async function write(file: string, tensors: readonly NamedTensor[]): Promise<PinnedFile> {
  await rm(file, { force: true });
  return await writeSafetensors(file, tensors);
}

/** One bar after the other. */
class StepProgress {
  #step: QuantisationProgress["step"] | undefined;
  #bar: EvalProgress | undefined;
  #shown = 0;

  show({ step, done, total }: QuantisationProgress): void {
    if (step !== this.#step) {
      this.stop();
      this.#bar = startEvalProgress(step, total);
      this.#step = step;
      this.#shown = 0;
    }
    for (; this.#shown < done; this.#shown++) this.#bar?.advance();
  }

  stop(): void {
    this.#bar?.stop();
  }
}
