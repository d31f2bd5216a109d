import type { NamedTensor, PackManifest, WeightsFile } from "../models/index.js";

/**
 * The tensors of the float32 pack that a quantised one was made of: its networks, and what it borrows.
 *
 * @param weights has the networks; whatever else it has is not taken.
 */
export function floatTwin(
  { origin }: Pick<PackManifest, "origin">,
  weights: WeightsFile,
  quantised: readonly NamedTensor[],
): NamedTensor[] {
  const isOfNetwork = (name: string) => /^(facenet|[pro]net)\//.test(name);
  const networks = [...weights.tensors.keys()]
    .filter(isOfNetwork)
    .map((name): NamedTensor => [name, weights.tensor(name)]);
  const lent = new Map(quantised);
  const borrowed = origin.kind === "upstream" ? Object.entries(origin.borrowed.tensors) : [];
  return [...networks, ...borrowed.map(([here, there]): NamedTensor => [here, lent.get(there)!])];
}
