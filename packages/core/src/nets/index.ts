export { inceptionResnetV1 } from "./inception-resnet-v1.js";
export { onet } from "./onet.js";
export type { ConvOptions, Layers, Network, Ops, PoolOptions } from "./ops.js";
export { pnet } from "./pnet.js";
export { rnet } from "./rnet.js";
export { yunet } from "./yunet.js";
