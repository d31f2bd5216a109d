import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The embedding that stands for an image. */
export interface ImageEmbedding {
  /** Of Euclidean length 1. */
  readonly embedding: Float32Array;
  /** Whether it is of a face that was found, or of the image's centre. */
  readonly faceFound: boolean;
}

interface CacheLine {
  readonly sha256: string;
  readonly faceFound: boolean;
  /** Base64 of little-endian float32. */
  readonly embedding: string;
}

/**
 * Embeddings of images by the sha256 of their bytes, in a file that only grows, so that an evaluation that
 * was interrupted goes on where it stopped. Each file belongs to one way of making embeddings.
 */
export class EmbeddingCache {
  private constructor(
    private readonly file: string,
    private readonly entries: Map<string, ImageEmbedding>,
  ) {}

  /** @param madeBy Everything that the embeddings depend on but the images. */
  static async open(folder: string, madeBy: object): Promise<EmbeddingCache> {
    const key = createHash("sha256").update(JSON.stringify(madeBy)).digest("hex").slice(0, 16);
    await mkdir(folder, { recursive: true });
    const file = join(folder, `embeddings-${key}.jsonl`);
    return new EmbeddingCache(file, existsSync(file) ? await readEntries(file) : new Map());
  }

  get(sha256: string): ImageEmbedding | undefined {
    return this.entries.get(sha256);
  }

  /** Resolves once the operating system has the embedding. */
  async add(sha256: string, { embedding, faceFound }: ImageEmbedding): Promise<void> {
    this.entries.set(sha256, { embedding, faceFound });
    const { buffer, byteOffset, byteLength } = embedding;
    const text = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
    const line: CacheLine = { sha256, faceFound, embedding: text };
    // A leading line break: should the line before be torn, only that one is lost.
    await appendFile(this.file, `\n${JSON.stringify(line)}`);
  }
}

async function readEntries(file: string): Promise<Map<string, ImageEmbedding>> {
  const entries = new Map<string, ImageEmbedding>();
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const line = parseLine(text);
    if (!line) continue;
    const bytes = Uint8Array.from(Buffer.from(line.embedding, "base64"));
    entries.set(line.sha256, { embedding: new Float32Array(bytes.buffer), faceFound: line.faceFound });
  }
  return entries;
}

/** Nothing for an empty line, and for one that an interruption has torn. */
function parseLine(text: string): CacheLine | undefined {
  try {
    return JSON.parse(text) as CacheLine;
  } catch {
    return undefined;
  }
}
