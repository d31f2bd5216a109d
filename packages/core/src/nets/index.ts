import { embedders } from "./embedders.js";
import { inceptionResnetV1 } from "./inception-resnet-v1.js";
import { onet } from "./onet.js";
import type { Network } from "./ops.js";
import { pnet } from "./pnet.js";
import { rnet } from "./rnet.js";
import { yunet } from "./yunet.js";

export { type EmbedderName, embedders } from "./embedders.js";
export type { ConvOptions, Layers, Network, Ops, PoolOptions } from "./ops.js";
export { inceptionResnetV1, onet, pnet, rnet, yunet };

const networks: readonly Network[] = [pnet, rnet, onet, yunet, ...Object.values(embedders)];

/** @throws Error when there is none of the name. */
export function networkNamed(name: string): Network {
  const network = networks.find((network) => network.name === name);
  if (!network) throw new Error(`Expected one of ${networks.map(({ name }) => name).join(", ")} but received ${name}`);
  return network;
}
