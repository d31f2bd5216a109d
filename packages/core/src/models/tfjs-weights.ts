import { PackError } from "./pack-error.js";
import { elementCount, float32At, type Tensor } from "./tensor.js";

interface WeightsGroup {
  readonly paths: readonly string[];
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[];
}

/**
 * Reads a TensorFlow.js weights manifest and its shards: each group's tensors lie back to back in the
 * concatenation of its shards. Only unquantised float32 is read.
 */
export async function parseTfjsWeights(
  manifest: Buffer,
  readShard: (path: string) => Promise<Buffer>,
): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  for (const group of parseGroups(manifest)) {
    const shards = Buffer.concat(await Promise.all(group.paths.map(readShard)));
    for (const [name, tensor] of sliceGroup(group, shards)) tensors.set(name, tensor);
  }
  return tensors;
}

function parseGroups(manifest: Buffer): WeightsGroup[] {
  try {
    return JSON.parse(manifest.toString("utf8"));
  } catch (cause) {
    throw new PackError("Expected the TensorFlow.js weights manifest to be JSON but it is not", { cause });
  }
}

function* sliceGroup(group: WeightsGroup, shards: Buffer): Generator<[string, Tensor]> {
  let offset = 0;
  for (const { name, shape, dtype } of group.weights) {
    if (dtype !== "float32") throw new PackError(`Expected float32 for ${name} but received ${dtype}`);
    const count = elementCount(shape);
    if (offset + count * Float32Array.BYTES_PER_ELEMENT > shards.length) {
      throw new PackError(`Expected ${count} numbers for ${name} but its shards end before`);
    }
    yield [name, { shape, data: float32At(shards, offset, count) }];
    offset += count * Float32Array.BYTES_PER_ELEMENT;
  }
  if (offset !== shards.length) {
    throw new PackError(`Expected ${offset} bytes in ${group.paths.join(", ")} but received ${shards.length}`);
  }
}
