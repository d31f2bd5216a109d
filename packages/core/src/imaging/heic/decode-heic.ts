import { Worker } from "node:worker_threads";
import type { RgbImage } from "../rgb-image.js";

// The same file from src/ (tests) and from dist/: a thread always runs what was built.
const entry = new URL("../../../dist/imaging/heic/heic-thread.js", import.meta.url);

/** The thread's own objects; what is decoded is in WebAssembly's memory, which the image's size bounds. */
const resourceLimits = { maxOldGenerationSizeMb: 128 };

/**
 * Decodes a HEIC by libheif in WebAssembly, in a thread that ends with it.
 *
 * @throws Error with the decoder's words; DecodingTimeout when it took longer than `seconds`.
 */
export async function decodeHeic(bytes: Uint8Array, seconds: number): Promise<RgbImage> {
  // A view of the channel's memory would take all of that along.
  const file = Uint8Array.from(bytes);
  const thread = new Worker(entry, {
    workerData: file,
    transferList: [file.buffer],
    env: {},
    execArgv: [],
    // libheif writes its complaints there, too.
    stdout: true,
    stderr: true,
    resourceLimits,
  });
  let limit: NodeJS.Timeout | undefined;
  try {
    return await new Promise<RgbImage>((resolve, reject) => {
      limit = setTimeout(() => reject(new DecodingTimeout()), seconds * 1000);
      thread.once("message", resolve);
      thread.once("error", reject);
      thread.once("exit", (code) => reject(new Error(`The decoder's thread ended with code ${code}`)));
    });
  } finally {
    clearTimeout(limit);
    await thread.terminate();
  }
}

/** A decoder took longer than it may. */
export class DecodingTimeout extends Error {
  override readonly name = "DecodingTimeout";
}
