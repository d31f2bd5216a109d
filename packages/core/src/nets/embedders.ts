import { inceptionResnetV1 } from "./inception-resnet-v1.js";
import type { Network } from "./ops.js";

/** The networks that embed faces, by the names that packs call theirs by. */
export const embedders = {
  "inception-resnet-v1": inceptionResnetV1,
} as const satisfies Record<string, Network<"embedding">>;

export type EmbedderName = keyof typeof embedders;
