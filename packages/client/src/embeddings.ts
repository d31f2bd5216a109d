import { bytesOfBase64 } from "./base64.js";
import type { Embedding } from "./wire.js";

/** How near two embeddings are. */
export interface EmbeddingComparison {
  /** (cosine + 1) / 2: 0 to 1. */
  readonly similarity: number;
  /** -1 to 1. */
  readonly cosineSimilarity: number;
  /** Of the two brought to length 1: 0 to 2. The service takes faces below its `threshold` for one person's. */
  readonly euclideanDistance: number;
}

/**
 * The numbers of a face's embedding, whichever `embeddingFormat` it came in.
 * @throws TypeError for a face without one: only the task `embed` gives it
 */
export function embeddingOf({ embedding }: { readonly embedding?: Embedding }): Float32Array {
  if (embedding === undefined) throw new TypeError('Expected a face of a job with the task "embed" but it has none');
  return typeof embedding === "string" ? floatsOfBase64(embedding) : Float32Array.from(embedding);
}

/** The service writes them in little-endian order, whatever this machine's is. */
function floatsOfBase64(text: string): Float32Array {
  const bytes = bytesOfBase64(text);
  if (!bytes || bytes.length % 4 !== 0) throw new TypeError("Expected the base64 of float32 numbers");
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

/**
 * Compares two embeddings here, as the service does. They have to come from results with the same
 * `model.fingerprint`: those of others are about something else.
 * @throws TypeError for two that have not the same number of dimensions, or no direction
 */
export function compareEmbeddings(a: ArrayLike<number>, b: ArrayLike<number>): EmbeddingComparison {
  if (a.length !== b.length || a.length === 0) {
    throw new TypeError(`Expected two embeddings of the same length but received ${a.length} and ${b.length} numbers`);
  }
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  if (!Number.isFinite(cosine)) throw new TypeError("Expected embeddings of finite numbers that are not all zero");
  const cosineSimilarity = Math.min(1, Math.max(-1, cosine));
  const euclideanDistance = Math.sqrt(2 - 2 * cosineSimilarity);
  return { similarity: (cosineSimilarity + 1) / 2, cosineSimilarity, euclideanDistance };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
