import { type Box, detectorCatalogue } from "@facefleet/contracts";
import type { AnalysisOptions, FaceAnalysis, FacePipeline } from "@facefleet/core";
import { type Admitted, imageMemory } from "@facefleet/core";
import { matchBoxes } from "@facefleet/core/evaluation";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  drawnFaces,
  goldenPhotos,
  noPhotos,
  photo,
  portrait,
  skipped,
  twoPortraits,
} from "../../../tests/support/test-data.js";
import { cosine, everyFace, openPipeline, presentEngines } from "./pipeline-under-test.js";

const options: AnalysisOptions = {
  ...everyFace,
  detector: "yunet",
  minConfidence: detectorCatalogue.yunet.minConfidence,
};

/** The portrait at another size, somewhere on a grey picture. */
async function placed(side: number, left: number, top: number, picture: { width: number; height: number }) {
  const input = await sharp(await portrait())
    .resize({ width: side })
    .png()
    .toBuffer();
  const channels = 3 as const;
  const background = { r: 120, g: 124, b: 130 };
  const canvas = sharp({ create: { ...picture, channels, background } });
  return await canvas.composite([{ input, left, top }]).png({ compressionLevel: 1 }).toBuffer();
}

/** Where the portrait's face is there. */
async function placedBox(side: number, left: number, top: number): Promise<Box> {
  const [face] = (await drawnFaces()).portrait;
  const scale = side / 480;
  const { x, y, width, height } = face!.box;
  return { x: left + x * scale, y: top + y * scale, width: width * scale, height: height * scale };
}

describe.each(presentEngines)("YuNet on %s", (name) => {
  it("finds the drawn faces where MTCNN's O-Net sees them, and embeds them alike", async () => {
    const { pipeline } = await openPipeline(name);
    for (const image of [await portrait(), await twoPortraits()]) {
      const [found, known] = [await pipeline.analyse(image, options), await pipeline.analyse(image, everyFace)];
      expect(found.faces.length).toBe(known.faces.length);
      const pairs = matchBoxes(
        known.faces.map(({ box }) => box),
        found.faces.map(({ box }) => box),
        0.7,
      );
      expect(pairs).toHaveLength(known.faces.length);
      for (const pair of pairs) {
        const [face, other] = [found.faces[pair.found]!, known.faces[pair.reference]!];
        expect(cosine(face.embedding!, other.embedding!)).toBeGreaterThan(0.9);
        expect(Math.abs(face.landmarks!.nose.x - other.landmarks!.nose.x)).toBeLessThan(other.box.width / 10);
      }
      expect(found.model).toMatchObject({ detector: "yunet" });
      expect(found.model.fingerprint).not.toBe(known.model.fingerprint);
    }
    await pipeline.close();
  });
});

describe("YuNet", () => {
  let pipeline: FacePipeline;
  beforeAll(async () => {
    ({ pipeline } = await openPipeline("onnx-cpu"));
  });
  afterAll(() => pipeline?.close());

  const only = ({ faces }: FaceAnalysis) => {
    expect(faces).toHaveLength(1);
    return faces[0]!;
  };

  it.each([
    ["on the seam of four tiles", 160, 880, 860, { width: 2000, height: 1900 }],
    ["at the edge of a tile", 200, 800, 100, { width: 2100, height: 700 }],
    ["as large as the picture", 2400, 0, 0, { width: 2400, height: 3200 }],
    ["of twenty-two pixels", 50, 300, 200, { width: 640, height: 480 }],
  ])("finds a face once: %s", async (_, side, left, top, picture) => {
    const face = only(await pipeline.analyse(await placed(side, left, top, picture), { ...options, embed: false }));
    expect(matchBoxes([await placedBox(side, left, top)], [face.box], 0.5)).toHaveLength(1);
  });

  it("looks at a shrunk picture where only large faces are asked for", async () => {
    const picture = await placed(320, 100, 40, { width: 640, height: 480 });
    const large = only(await pipeline.analyse(picture, { ...options, minFaceSize: 100, embed: false }));
    expect(matchBoxes([await placedBox(320, 100, 40)], [large.box], 0.5)).toHaveLength(1);
    const small = await placed(50, 300, 200, { width: 640, height: 480 });
    expect((await pipeline.analyse(small, { ...options, minFaceSize: 200, embed: false })).faces).toEqual([]);
  });

  it("takes memory for a picture's pixels only, where MTCNN takes its table as well", async () => {
    const asked: number[] = [];
    const memory = imageMemory();
    const watched = {
      acquire: async (bytes: number, call: object): Promise<Admitted> => {
        asked.push(bytes);
        return await memory.acquire(bytes, call);
      },
    };
    const { pipeline: other } = await openPipeline("onnx-cpu", { memory: watched });
    const picture = await placed(100, 10, 10, { width: 640, height: 480 });
    await other.analyse(picture, options);
    await other.analyse(picture, everyFace);
    expect(asked).toEqual([640 * 480 * 4, 640 * 480 * 9]);
    await other.close();
  });

  it.skipIf(skipped("YuNet on the reference's photos", noPhotos))(
    "finds the faces that the reference is sure of",
    async () => {
      const missed: string[] = [];
      let faces = 0;
      for (const [file, golden] of Object.entries(await goldenPhotos())) {
        const sure = golden.faces.filter(({ score }) => score >= 0.9);
        const truth = sure.map(({ box: [x1, y1, x2, y2] }) => ({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 }));
        const { faces: found } = await pipeline.analyse(await photo(file), {
          ...options,
          minConfidence: 0.3,
          embed: false,
        });
        const matched = matchBoxes(
          truth,
          found.map(({ box }) => box),
          0.5,
        );
        faces += truth.length;
        for (const [i, { x, y }] of truth.entries()) {
          if (!matched.some(({ reference }) => reference === i)) missed.push(`${file} at ${x}, ${y}`);
        }
      }
      expect(faces).toBe(323);
      // One in a crowd of faces of ten pixels, and one turned away.
      expect(missed.length, missed.join("; ")).toBeLessThanOrEqual(3);
    },
  );
});
