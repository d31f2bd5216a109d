import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineName } from "@facefleet/core";
import { defaultPackName } from "@facefleet/core/models";
import { describe, expect, it } from "vitest";
import {
  chosenPhotos,
  everyPhoto,
  floatPack,
  goldenPhotos,
  goldensFile,
  modelsDir,
  noFloatPack,
  noPhotos,
  noTfjsNode,
  photosDir,
  skipped,
  tfjsNodeDir,
} from "../../../../tests/support/test-data.js";
import { startEvalProgress } from "../../src/eval/eval-progress.js";
import { evaluateParity, type ParityOptions } from "../../src/eval/parity/evaluate-parity.js";
import { parityTable } from "../../src/eval/parity/parity-table.js";

describe.skipIf(skipped("eval parity", noFloatPack, noPhotos))("eval parity", () => {
  const options: ParityOptions = {
    pack: floatPack,
    modelsDir,
    tfjsNodeDir,
    referenceFile: goldensFile,
    photosDir,
    engines: [],
    skip: [],
    limit: Number.POSITIVE_INFINITY,
    startProgress: startEvalProgress,
  };

  /** What is left out where all engines are compared. */
  const skip = async () => {
    return everyPhoto ? [] : Object.keys(await goldenPhotos()).filter((name) => !chosenPhotos.includes(name));
  };

  it("finds every engine that is here within the tolerances", async () => {
    const report = await evaluateParity({ ...options, skip: await skip() });
    expect(report.photos).toHaveLength(everyPhoto ? 23 : chosenPhotos.length);
    const names = report.engines.map(({ engine }) => engine);
    expect(names.slice(0, 2)).toEqual(["onnx-cpu", "tfjs-wasm"]);
    expect(names.length + report.absent.length).toBeGreaterThanOrEqual(4);
    const faults = [...report.toReference, ...report.betweenEngines].flatMap((parity) => parity.faults);
    expect(faults).toEqual([]);
    expect(report.withinTolerances).toBe(true);
    for (const { figures } of report.toReference) expect(figures.faces).toBeGreaterThanOrEqual(everyPhoto ? 300 : 31);
    expect(report.betweenEngines).toHaveLength(names.length - 1);
  }, 900_000);

  it("finds the built-in pack within them on every photo", async () => {
    const report = await evaluateParity({ ...options, pack: defaultPackName, engines: ["onnx-cpu"] });
    expect(report.toReference.flatMap(({ faults }) => faults)).toEqual([]);
    for (const { figures } of report.toReference) expect(figures.faces).toBeGreaterThan(300);
  }, 300_000);

  it.skipIf(noTfjsNode)(
    "finds the engines of the built-in pack nearer to each other than float32's are",
    async () => {
      const engines: EngineName[] = ["onnx-cpu", "tfjs-node"];
      const report = await evaluateParity({ ...options, pack: defaultPackName, engines, skip: await skip() });
      expect(report.toReference.flatMap(({ faults }) => faults)).toEqual([]);
      expect(report.betweenEngines).toHaveLength(1);
      for (const { figures } of report.betweenEngines) expect(figures.embedding.worst).toBeLessThan(2e-6);
    },
    300_000,
  );

  it("says so when an engine is outside them", async () => {
    const goldens = JSON.parse(await readFile(goldensFile, "utf8"));
    const name = "single-small.jpg";
    const [face] = goldens.images[name].faces;
    face.score -= 0.1;
    const images = { [name]: { ...goldens.images[name], faces: [face, face] } };
    const referenceFile = join(await mkdtemp(join(tmpdir(), "facefleet-parity-")), "goldens.json");
    await writeFile(referenceFile, JSON.stringify({ images }));
    const report = await evaluateParity({ ...options, referenceFile, engines: ["onnx-cpu"] });
    expect(report.withinTolerances).toBe(false);
    expect(report.toReference[0]?.faults).toEqual([
      "Expected the same faces but 1 are missing, 0 are extra, 1 agree",
      expect.stringMatching(/score difference of at most 0.03 but received 0.1/),
    ]);
    expect(parityTable(report)).toContain("NOT within the tolerances");
  });

  it("refuses a photo that is not the reference's, and an engine that is not here", async () => {
    const image = { sha256: "0".repeat(64), width: 1, height: 1, faces: [] };
    const referenceFile = join(await mkdtemp(join(tmpdir(), "facefleet-parity-")), "goldens.json");
    await writeFile(referenceFile, JSON.stringify({ images: { "single-small.jpg": image } }));
    const refused = evaluateParity({ ...options, referenceFile, engines: ["onnx-cpu"] });
    await expect(refused).rejects.toThrow(/Expected the photo that the reference saw \(sha256 0{64}\)/);
    await writeFile(referenceFile, JSON.stringify({ images: { "single-small.jpg": { faces: [] } } }));
    await expect(evaluateParity({ ...options, referenceFile })).rejects.toThrow(/Expected reference results but at "/);
  });
});
