import { createEngine } from "@facefleet/core";
import { matchBoxes } from "@facefleet/core/evaluation";
import { type CandidateBox, DynamicBatcher, decodeImage, Mtcnn } from "@facefleet/core/internals";
import { loadPack } from "@facefleet/core/models";
import { describe, expect, it } from "vitest";
import { modelsDir, noPhotos, photo, skipped } from "../../tests/support/test-data.js";
import { PlainMtcnn } from "../src/detect/plain-mtcnn.js";

const asBox = ({ x1, y1, x2, y2 }: CandidateBox) => ({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 });

describe.skipIf(skipped("the plain cascade", noPhotos))("the plain cascade", () => {
  it.each(["crowd-b.jpg", "group-six.jpg", "no-faces.jpg"])("finds the faces of the one in use: %s", async (name) => {
    const pack = await loadPack(modelsDir);
    const [{ engine }, { engine: asWritten }] = [
      await createEngine("onnx-cpu"),
      await createEngine("onnx-cpu", { asWritten: true }),
    ];
    const plain = await PlainMtcnn.load(asWritten, pack);
    const mtcnn = await Mtcnn.load(
      engine,
      pack,
      ({ maxBatchSize = 1, ...options }) => new DynamicBatcher({ ...options, maxBatchSize, maxQueueDelayMs: 0 }),
    );
    const image = await decodeImage(await photo(name));
    const expected = (await plain.detect(image, 20)).map(asBox);
    const { detections } = await mtcnn.detect({ image, minFaceSize: 20 });
    expect(detections).toHaveLength(expected.length);
    expect(matchBoxes(expected, detections.map(asBox), 0.999)).toHaveLength(expected.length);
    await Promise.all([plain.close(), mtcnn.close()]);
    pack.weights.close();
  });
});
