import type { CliConfig } from "../config.js";
import { drawingPaths } from "./drawing-paths.js";
import { ImageReader } from "./image-reader.js";
import type { Submission } from "./submission.js";
import { facesOf } from "./submission-table.js";
import type { SubmitInput } from "./submit-input.js";

/** Copies of images in a folder, with the faces drawn in. Remembers what it could not draw on. */
export class Drawings {
  readonly #paths: ReadonlyMap<string, string>;
  readonly #images: ImageReader;
  readonly faults: string[] = [];

  constructor(
    folder: string,
    inputs: readonly SubmitInput[],
    config: Pick<CliConfig, "env" | "DATA_DIR" | "S3_BUCKET">,
  ) {
    this.#paths = drawingPaths(folder, inputs);
    this.#images = new ImageReader(config);
  }

  /** Draws on an image that succeeded. Resolves with the path of its copy; undefined where that is not to be made. */
  async draw({ input, job }: Submission): Promise<string | undefined> {
    const path = this.#paths.get(input.name)!;
    try {
      const { drawFaces } = await import("./draw-faces.js");
      await drawFaces(await this.#images.read(input), facesOf(job), path);
      return path;
    } catch (error) {
      this.faults.push(`Expected to draw on ${input.name} but received: ${(error as Error).message}`);
      return undefined;
    }
  }

  close(): Promise<void> {
    return this.#images.close();
  }
}
