import type { Box } from "@facefleet/contracts";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";

const BoxesFile = Type.Array(
  Type.Object({
    file: Type.String({ minLength: 1 }),
    boxes: Type.Array(Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()])),
  }),
);

/** The true faces of an image. */
export interface ImageTruth {
  /** Relative to the folder of the images. */
  readonly file: string;
  readonly boxes: readonly Box[];
}

/**
 * Reads `[{"file": ..., "boxes": [[x, y, width, height], ...]}]`, in pixels of the upright image.
 *
 * @throws Error saying what is not as expected.
 */
export function parseBoxesFile(text: string): ImageTruth[] {
  const images: unknown = JSON.parse(text);
  const [fault] = Value.Errors(BoxesFile, images);
  if (fault) {
    const where = `at "${fault.instancePath || "/"}": ${fault.message}`;
    throw new Error(`Expected [{"file", "boxes": [[x, y, width, height], ...]}, ...] for the boxes but ${where}`);
  }
  return (images as Static<typeof BoxesFile>).map(({ file, boxes }) => ({
    file,
    boxes: boxes.map(([x, y, width, height]) => ({ x, y, width, height })),
  }));
}
