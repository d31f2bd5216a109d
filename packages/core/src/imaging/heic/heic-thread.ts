/// <reference path="./libheif.d.ts" />
import { parentPort, workerData } from "node:worker_threads";
import libheif from "libheif-js/wasm-bundle.js";
import type { RgbImage } from "../rgb-image.js";

/* The thread in which one HEIC is decoded. What its memory grew to goes with it. */

const image = decode(workerData as Uint8Array);
parentPort!.postMessage(image, [image.data.buffer as ArrayBuffer]);

/** The file's primary image, turned and cut as it says, in 8 bits. */
function decode(file: Uint8Array): RgbImage {
  const context = libheif.heif_context_alloc();
  const { code, message } = libheif.heif_context_read_from_memory(context, file);
  if (code !== libheif.heif_error_code.heif_error_Ok) throw new Error(`libheif: ${message}`);
  const handle = unlessFailed(libheif.heif_js_context_get_primary_image_handle(context));
  const { heif_colorspace_RGB } = libheif.heif_colorspace;
  const { heif_chroma_interleaved_RGB } = libheif.heif_chroma;
  const { channels } = unlessFailed(
    libheif.heif_js_decode_image2(handle, heif_colorspace_RGB, heif_chroma_interleaved_RGB),
  );
  const [rgb] = channels;
  if (!rgb) throw new Error("libheif: it gave no pixels");
  return { width: rgb.width, height: rgb.height, data: withoutGaps(rgb) };
}

function unlessFailed<T extends { readonly code?: object; readonly message?: string }>(answer: T): T {
  if (answer.code !== undefined) throw new Error(`libheif: ${answer.message}`);
  return answer;
}

/** Rows of pixels, one after the other. */
function withoutGaps({
  data,
  width,
  height,
  stride,
}: {
  data: Uint8Array;
  width: number;
  height: number;
  stride: number;
}) {
  const rowBytes = 3 * width;
  const rows = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * stride, y * stride + rowBytes), y * rowBytes);
  return rows;
}
