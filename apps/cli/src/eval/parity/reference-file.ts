import type { SeenFace } from "@facefleet/core/evaluation";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";

const PointPair = Type.Tuple([Type.Number(), Type.Number()]);

const ReferenceFace = Type.Object({
  box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()], { description: "x1, y1, x2, y2" }),
  score: Type.Number(),
  landmarks: Type.Tuple([PointPair, PointPair, PointPair, PointPair, PointPair]),
  embedding: Type.Array(Type.Number()),
});
type ReferenceFace = Static<typeof ReferenceFace>;

const ReferenceFile = Type.Object({
  images: Type.Record(
    Type.String(),
    Type.Object({
      sha256: Type.String(),
      width: Type.Integer(),
      height: Type.Integer(),
      faces: Type.Array(ReferenceFace),
    }),
  ),
});

/** What the reference saw in a photo. */
export interface ReferencePhoto {
  readonly name: string;
  readonly sha256: string;
  readonly pixels: number;
  readonly faces: readonly SeenFace[];
}

/**
 * Reads a reference's results, the smallest photo first.
 *
 * @throws Error saying what is not as expected.
 */
export function parseReferenceFile(text: string): ReferencePhoto[] {
  const reference: unknown = JSON.parse(text);
  const [fault] = Value.Errors(ReferenceFile, reference);
  if (fault) {
    throw new Error(`Expected reference results but at "${fault.instancePath || "/"}": ${fault.message}`);
  }
  return Object.entries((reference as Static<typeof ReferenceFile>).images)
    .map(([name, { sha256, width, height, faces }]) => ({
      name,
      sha256,
      pixels: width * height,
      faces: faces.map(seenFace),
    }))
    .sort((a, b) => a.pixels - b.pixels);
}

function seenFace({ box: [x1, y1, x2, y2], score, landmarks, embedding }: ReferenceFace): SeenFace {
  const [leftEye, rightEye, nose, mouthLeft, mouthRight] = landmarks;
  const point = ([x, y]: readonly [number, number]) => ({ x, y });
  return {
    box: { x: x1, y: y1, width: x2 - x1, height: y2 - y1 },
    confidence: score,
    landmarks: {
      leftEye: point(leftEye),
      rightEye: point(rightEye),
      nose: point(nose),
      mouthLeft: point(mouthLeft),
      mouthRight: point(mouthRight),
    },
    embedding,
  };
}
