import { DrawingFolder } from "./drawing-folder.js";
import type { ImageReader } from "./image-reader.js";
import { hasFailed, type Submission } from "./submission.js";
import { facesOf } from "./submission-table.js";
import type { SubmitInput } from "./submit-input.js";

/** Draws on the images that succeeded, where that was asked for, and remembers what it could not draw. */
export class Drawings {
  readonly #folder: DrawingFolder | undefined;
  readonly faults: string[] = [];

  constructor(folder: string | undefined, inputs: readonly SubmitInput[], images: ImageReader) {
    const byName = new Map(inputs.map((input) => [input.name, input]));
    const read = async (name: string) => images.read(byName.get(name)!);
    this.#folder = folder === undefined ? undefined : new DrawingFolder(folder, [...byName.keys()], read);
  }

  async add(submission: Submission): Promise<void> {
    const { input, job } = submission;
    if (!this.#folder || hasFailed(submission)) return;
    try {
      await this.#folder.draw(input.name, facesOf(job));
    } catch (error) {
      this.faults.push(`Expected to draw on ${input.name} but received: ${(error as Error).message}`);
    }
  }
}
