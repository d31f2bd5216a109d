import { type ImageFormat, ProblemError } from "@facefleet/contracts";

/** How a file is to be given to the decoder, so that what is decoded is the picture. */
export interface Coding {
  readonly format: ImageFormat;
  /** The file, or a copy in which what the decoder stumbles over is mended; made when it is asked for, as it may be large. */
  bytes(): Uint8Array;
  /** Which page is the picture, from 0; the decoder's choice without it. */
  readonly page?: number;
  /** What transparent pixels show; without it, whatever colour they have in the file. */
  readonly background?: { readonly r: number; readonly g: number; readonly b: number };
  /** Whether the least fault shows that data are missing. */
  readonly isCut?: boolean;
}

/** What is refused though its format is read: the decoder has no such coding, or gives other pixels than the picture's. */
export function uncoded(expected: string, received: string): ProblemError {
  return new ProblemError("unsupported_image_format", `Expected ${expected} but received ${received}`);
}

/** A file that ends, or leads nowhere, where its structure says otherwise. */
export function damaged(options?: ErrorOptions): ProblemError {
  const detail = "Expected a whole, readable image but received one that is damaged or incomplete";
  return new ProblemError("image_undecodable", detail, options);
}
