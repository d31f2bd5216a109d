import sharp, { type Sharp } from "sharp";
import { asset, portrait } from "./test-data.js";
import { type TiffPage, tiffFile } from "./tiff-file.js";

/** The drawn portrait in one coding. */
interface CodedPortrait {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface DecodedPortrait extends CodedPortrait {
  readonly format: string;
  /** How much of the picture is kept: every value, all but fine differences, 256 colours, inks, its grey, or its lines only. */
  readonly keeps: "all" | "most" | "palette" | "inks" | "grey" | "shape";
}

export interface RefusedPortrait extends CodedPortrait {
  /** What its refusal names. */
  readonly says: RegExp;
}

/** Numbers of TIFF's tags. */
const t = {
  subfile: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  samples: 277,
  rows: 278,
  planes: 284,
  palette: 320,
  inks: 332,
  extra: 338,
  format: 339,
  dng: 50706,
};

interface Pixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

async function pixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data, ...info };
}

/** Each value as some number of bytes. */
function wide({ data }: Pixels, write: (to: Buffer, value: number, at: number) => void, width: number): Buffer {
  const to = Buffer.alloc(data.length * width);
  data.forEach((value, i) => {
    write(to, value, i * width);
  });
  return to;
}

/** Samples of fewer than 8 bits, the rows filled up to whole bytes. */
function packed({ data, width, height }: Pixels, bits: number): Buffer {
  const rowBytes = Math.ceil((width * bits) / 8);
  const to = Buffer.alloc(rowBytes * height);
  data.forEach((value, i) => {
    const bit = (i % width) * bits;
    const at = Math.floor(i / width) * rowBytes + (bit >> 3);
    to[at] = (to[at] as number) | ((value >> (8 - bits)) << (8 - bits - (bit & 7)));
  });
  return to;
}

function page({ data, width, height, channels }: Pixels, tags: TiffPage["tags"] = {}, coded: Buffer = data): TiffPage {
  const usual = {
    [t.width]: [width],
    [t.height]: [height],
    [t.bits]: Array(channels).fill(8),
    [t.compression]: [1],
    [t.photometric]: [channels >= 3 ? 2 : 1],
    [t.samples]: [channels],
    [t.rows]: [height],
  };
  return { tags: { ...usual, ...tags }, data: coded };
}

/** The portrait in each coding that is read. */
export async function decodedPortraits(): Promise<DecodedPortrait[]> {
  const image = sharp(await portrait()).removeAlpha();
  const [rgb, grey] = [await pixels(image.clone()), await pixels(image.clone().toColourspace("b-w"))];
  const cmyk = await pixels(image.clone().toColourspace("cmyk"));
  const small = await pixels(image.clone().resize(48));
  const rgb16 = wide(rgb, (to, v, at) => to.writeUInt16LE(v * 257, at), 2);
  const rgb16Big = wide(rgb, (to, v, at) => to.writeUInt16BE(v * 257, at), 2);
  const grey16 = wide(grey, (to, v, at) => to.writeUInt16LE(v * 257, at), 2);
  const jpegBytes = await image.clone().jpeg({ quality: 95 }).toBuffer();
  const avif = await image.clone().avif({ quality: 90, effort: 1 }).toBuffer();
  const greys = Array.from({ length: 3 * 256 }, (_, i) => (i % 256) * 257);
  const all = { keeps: "all", format: "tiff" } as const;
  const tiff = async (name: string, options: Parameters<Sharp["tiff"]>[0]) => ({
    ...all,
    name: `TIFF, ${name}`,
    bytes: await image.clone().tiff(options).toBuffer(),
  });
  const made = (name: string, keeps: DecodedPortrait["keeps"], ...pages: TiffPage[]) => ({
    ...all,
    name: `TIFF, ${name}`,
    keeps,
    bytes: tiffFile(pages),
  });
  return [
    { name: "JPEG", format: "jpeg", keeps: "most", bytes: jpegBytes },
    {
      name: "JPEG, progressive",
      format: "jpeg",
      keeps: "most",
      bytes: await image.clone().jpeg({ quality: 95, progressive: true }).toBuffer(),
    },
    {
      name: "JPEG, grey",
      format: "jpeg",
      keeps: "grey",
      bytes: await image.clone().toColourspace("b-w").jpeg({ quality: 95 }).toBuffer(),
    },
    {
      name: "JPEG, CMYK",
      format: "jpeg",
      keeps: "inks",
      bytes: await image.clone().toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer(),
    },
    { name: "JPEG without its end marker", format: "jpeg", keeps: "most", bytes: jpegBytes.subarray(0, -2) },
    { name: "JPEG with half of its end marker", format: "jpeg", keeps: "most", bytes: jpegBytes.subarray(0, -1) },
    { name: "PNG", format: "png", keeps: "all", bytes: await image.clone().png().toBuffer() },
    {
      name: "PNG, interlaced",
      format: "png",
      keeps: "all",
      bytes: await image.clone().png({ progressive: true }).toBuffer(),
    },
    {
      name: "PNG, 16 bits",
      format: "png",
      keeps: "all",
      bytes: await image.clone().toColourspace("rgb16").png().toBuffer(),
    },
    {
      name: "PNG, palette",
      format: "png",
      keeps: "palette",
      bytes: await image.clone().png({ palette: true }).toBuffer(),
    },
    {
      name: "PNG, grey",
      format: "png",
      keeps: "grey",
      bytes: await image.clone().toColourspace("b-w").png().toBuffer(),
    },
    { name: "WebP", format: "webp", keeps: "most", bytes: await image.clone().webp({ quality: 95 }).toBuffer() },
    {
      name: "WebP, lossless",
      format: "webp",
      keeps: "all",
      bytes: await image.clone().webp({ lossless: true }).toBuffer(),
    },
    { name: "GIF", format: "gif", keeps: "palette", bytes: await image.clone().gif({ dither: 0 }).toBuffer() },
    { name: "AVIF", format: "avif", keeps: "most", bytes: avif },
    {
      name: "AVIF, 10 bits",
      format: "avif",
      keeps: "most",
      bytes: await image.clone().avif({ quality: 90, effort: 1, bitdepth: 10 }).toBuffer(),
    },
    ...["avis", "mif1", "msf1", "miaf"].map((brand) => ({
      name: `AVIF, major brand ${brand}`,
      format: "avif",
      keeps: "most" as const,
      bytes: withBrand(avif, brand),
    })),
    ...(await heicPortraits()),
    await tiff("LZW", { compression: "lzw" }),
    await tiff("Deflate with predictor", { compression: "deflate", predictor: "horizontal" }),
    await tiff("PackBits", { compression: "packbits" }),
    await tiff("BigTIFF", { compression: "none", bigtiff: true }),
    await tiff("tiles", { compression: "lzw", tile: true, tileWidth: 64, tileHeight: 64 }),
    { ...(await tiff("JPEG", { compression: "jpeg", quality: 95 })), keeps: "most" },
    { ...(await tiff("WebP", { compression: "webp", quality: 95 })), keeps: "most" },
    made("RGB", "all", page(rgb)),
    {
      ...all,
      name: "TIFF, big-endian",
      bytes: tiffFile([page(rgb, { [t.bits]: [16, 16, 16] }, rgb16Big)], { isLittle: false }),
    },
    made("RGB, 16 bits", "all", page(rgb, { [t.bits]: [16, 16, 16] }, rgb16)),
    made("RGB and alpha", "all", page(await pixels(image.clone().ensureAlpha()), { [t.extra]: [2] })),
    made("planes", "all", page(rgb, { [t.planes]: [1] })),
    made("grey", "grey", page(grey)),
    made("grey, 16 bits", "grey", page(grey, { [t.bits]: [16] }, grey16)),
    made(
      "grey, white is zero",
      "grey",
      page(
        grey,
        { [t.photometric]: [0] },
        wide(grey, (to, v, at) => to.writeUInt8(255 - v, at), 1),
      ),
    ),
    made("grey, 4 bits", "grey", page(grey, { [t.bits]: [4] }, packed(grey, 4))),
    made("black and white", "shape", page(grey, { [t.bits]: [1] }, packed(grey, 1))),
    made("grey, 2 bits", "shape", page(grey, { [t.bits]: [2] }, packed(grey, 2))),
    made("palette", "grey", page(grey, { [t.photometric]: [3], [t.palette]: greys })),
    made("CMYK", "inks", page(cmyk, { [t.photometric]: [5] })),
    made("a thumbnail before it", "all", page(small, { [t.subfile]: [1] }), page(rgb)),
    made("a thumbnail after it", "all", page(rgb), page(small, { [t.subfile]: [1] })),
  ];
}

/** scripts/encode-heic.py has encoded them. */
async function heicPortraits(): Promise<DecodedPortrait[]> {
  const kinds = ["portrait", "portrait-10-bit", "portrait-turned", "portrait-mirrored"];
  const files = await Promise.all(kinds.map(async (name) => ({ name, bytes: await asset(`${name}.heic`) })));
  const [still] = files.map(({ bytes }) => bytes);
  const brands = ["hevc", "mif1", "miaf"].map((brand) => ({
    name: `major brand ${brand}`,
    bytes: withBrand(still!, brand),
  }));
  return [...files, ...brands].map(({ name, bytes }) => ({
    name: `HEIC, ${name}`,
    format: "heic",
    keeps: "most",
    bytes,
  }));
}

function withBrand(file: Buffer, brand: string): Buffer {
  return Buffer.concat([file.subarray(0, 8), Buffer.from(brand), file.subarray(12)]);
}

/** The portrait in codings that are refused. */
export async function refusedPortraits(): Promise<RefusedPortrait[]> {
  const image = sharp(await portrait()).removeAlpha();
  const [rgb, grey] = [await pixels(image.clone()), await pixels(image.clone().toColourspace("b-w"))];
  const small = await pixels(image.clone().resize(48));
  const jpeg = await image.clone().jpeg().toBuffer();
  const avif = await image.clone().avif({ effort: 1 }).toBuffer();
  const made = (name: string, says: RegExp, tags: TiffPage["tags"], of = rgb, coded?: Buffer) => ({
    name: `TIFF, ${name}`,
    says,
    bytes: tiffFile([page(of, tags, coded)]),
  });
  const bits = (count: number) => ({ [t.bits]: [count, count, count] });
  const words = wide(rgb, (to, v, at) => to.writeUInt16LE(v * 257, at), 2);
  const longs = wide(rgb, (to, v, at) => to.writeUInt32LE(v * 16_843_009, at), 4);
  const floats = wide(rgb, (to, v, at) => to.writeFloatLE(v / 255, at), 4);
  const compression = (name: string, number: number) =>
    made(name, new RegExp(name.replace("-", ".")), { [t.compression]: [number] });
  const frame = (name: string, marker: number) => ({
    name: `JPEG, ${name}`,
    says: new RegExp(name),
    bytes: withFrame(jpeg, marker),
  });
  const cfa = page(grey, { [t.photometric]: [32803] });
  return [
    { name: "JPEG, 12 bits", says: /one of 12 bits/, bytes: withFrame(jpeg, 0xc1, 12) },
    frame("lossless", 0xc3),
    frame("hierarchical", 0xc5),
    frame("arithmetic", 0xc9),
    frame("JPEG-LS", 0xf7),
    made("32 bits", /one of 32 bits/, bits(32), rgb, longs),
    made("12 bits", /one of 12 bits/, bits(12)),
    made("several sizes", /several sizes/, { [t.bits]: [8, 16, 8] }, rgb, words),
    made("floats", /floating point/, { ...bits(32), [t.format]: [3, 3, 3] }, rgb, floats),
    made("signed", /signed/, { ...bits(16), [t.format]: [2, 2, 2] }, rgb, words),
    made("Lab", /Lab/, { [t.photometric]: [8] }),
    made("YCbCr without JPEG", /YCbCr without JPEG/, { [t.photometric]: [6] }),
    made("other inks", /other inks/, { [t.photometric]: [5], [t.inks]: [2], [t.samples]: [4], [t.bits]: [8, 8, 8, 8] }),
    made("five samples", /5 samples/, { [t.samples]: [5], [t.bits]: [8, 8, 8, 8, 8] }),
    compression("old-style JPEG", 6),
    compression("ZSTD", 50_000),
    compression("LZMA", 34_925),
    compression("LERC", 34_887),
    compression("JPEG 2000", 34_712),
    compression("scheme 12345", 12_345),
    {
      name: "DNG",
      says: /camera raw \(export a JPEG\)/,
      bytes: tiffFile([page(small, { [t.subfile]: [1], [t.dng]: [1, 4, 0, 0] })], { below: [cfa] }),
    },
    { name: "NEF, ARW", says: /camera raw/, bytes: tiffFile([page(small, { [t.subfile]: [1] })], { below: [cfa] }) },
    {
      name: "CR2",
      says: /camera raw/,
      bytes: Buffer.concat([tiffFile([page(small)]).subarray(0, 8), Buffer.from("CR\x02\0"), Buffer.alloc(64)]),
    },
    {
      name: "TIFF of thumbnails",
      says: /thumbnails only/,
      bytes: tiffFile([page(small, { [t.subfile]: [1] })], { below: [page(rgb)] }),
    },
    { name: "HEIF with VVC", says: /VVC/, bytes: withItem(avif, "vvc1") },
    { name: "a film of AVIF", says: /film without a still/, bytes: withoutItems(avif) },
    { name: "CR3", says: /camera raw/, bytes: Buffer.from("\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "latin1") },
    { name: "RAF", says: /camera raw/, bytes: Buffer.from("FUJIFILMCCD-RAW 0201FF") },
    { name: "JPEG XL", says: /JPEG XL/, bytes: Buffer.from("\xff\x0a\xfa\x1f", "latin1") },
    { name: "JPEG XL in its container", says: /JPEG XL/, bytes: Buffer.from("\0\0\0\x0cJXL \r\n\x87\n", "latin1") },
    { name: "PSD", says: /PSD/, bytes: Buffer.from("8BPS\0\x01", "latin1") },
    { name: "BMP", says: /BMP/, bytes: Buffer.from("BM\x36\0\0\0", "latin1") },
    { name: "ICO", says: /ICO/, bytes: Buffer.from("\0\0\x01\0\x01\0", "latin1") },
    { name: "PDF", says: /PDF/, bytes: Buffer.from("%PDF-1.7\n") },
    { name: "SVG", says: /SVG/, bytes: Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>') },
    { name: "MP4", says: /a video/, bytes: Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0isommp42", "latin1") },
    { name: "WebM", says: /a video/, bytes: Buffer.from("\x1aE\xdf\xa3\x9fB\x86", "latin1") },
    { name: "HTML", says: /HTML/, bytes: Buffer.from("\n<!DOCTYPE html><html><img src=face.jpg></html>") },
    { name: "base64 text", says: /base64 text/, bytes: Buffer.from(jpeg.toString("base64")) },
    { name: "base64 text of an AVIF", says: /base64 text/, bytes: Buffer.from(avif.toString("base64")) },
    { name: "a data URL", says: /data URL/, bytes: Buffer.from(`data:image/jpeg;base64,${jpeg.toString("base64")}`) },
    { name: "text", says: /none of them/, bytes: Buffer.from("This is no picture.\n") },
  ];
}

/** A JPEG that says of itself that its frame is of another kind. */
function withFrame(jpeg: Buffer, marker: number, bits?: number): Buffer {
  const changed = Buffer.from(jpeg);
  const at = changed.indexOf(Buffer.from([0xff, 0xc0]));
  changed[at + 1] = marker;
  if (bits !== undefined) changed[at + 4] = bits;
  return changed;
}

/** A file of the same brand that has what holds items taken out of it. */
function withoutItems(avif: Buffer): Buffer {
  const changed = Buffer.from(avif);
  changed.write("free", changed.indexOf("meta"), "latin1");
  return changed;
}

/** An AVIF that says of its images that they are coded otherwise. */
function withItem(avif: Buffer, type: string): Buffer {
  const changed = Buffer.from(avif);
  for (let at = changed.indexOf("infe"); at >= 0; at = changed.indexOf("infe", at + 4))
    changed.write(type, at + 12, "latin1");
  return changed;
}
