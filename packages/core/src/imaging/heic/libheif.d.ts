declare module "libheif-js/wasm-bundle.js" {
  /** What is used of libheif's own interface, as its authors bind it to JavaScript. */
  interface Libheif {
    heif_context_alloc(): object;
    heif_context_read_from_memory(
      context: object,
      bytes: Uint8Array,
    ): { readonly code: object; readonly message: string };
    heif_js_context_get_primary_image_handle(context: object): HeifAnswer;
    heif_js_decode_image2(handle: object, colourSpace: object, chroma: object): HeifAnswer & DecodedHeif;
    readonly heif_error_code: { readonly heif_error_Ok: object };
    readonly heif_colorspace: { readonly heif_colorspace_RGB: object };
    readonly heif_chroma: { readonly heif_chroma_interleaved_RGB: object };
  }

  /** What was asked for, or an error, which alone has a code. */
  interface HeifAnswer {
    readonly code?: object;
    readonly message?: string;
  }

  interface DecodedHeif {
    readonly channels: readonly {
      /** Of the decoder's memory; `stride` bytes a row. */
      readonly data: Uint8Array;
      readonly width: number;
      readonly height: number;
      readonly stride: number;
    }[];
  }

  const libheif: Libheif;
  export default libheif;
}
