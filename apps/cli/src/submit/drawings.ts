import { DrawingFolder } from "./drawing-folder.js";
import { hasFailed, type Submission } from "./submission.js";
import { facesOf } from "./submission-table.js";
import type { SubmitInput } from "./submit-input.js";

/** Draws on the images that succeeded, where that was asked for, and remembers what it could not draw. */
export class Drawings {
  readonly #folder: DrawingFolder | undefined;
  readonly faults: string[] = [];

  constructor(folder: string | undefined, inputs: readonly SubmitInput[]) {
    const files = inputs.filter(({ kind }) => kind === "file").map(({ name }) => name);
    this.#folder = folder === undefined ? undefined : new DrawingFolder(folder, files);
  }

  async add(submission: Submission): Promise<void> {
    const { input, job } = submission;
    if (!this.#folder || hasFailed(submission)) return;
    if (input.kind !== "file") {
      this.faults.push(`Expected a file to draw on but received ${input.name}; copy it here first`);
      return;
    }
    try {
      await this.#folder.draw(input.name, facesOf(job));
    } catch (error) {
      this.faults.push(`Expected to draw on ${input.name} but received: ${(error as Error).message}`);
    }
  }
}
