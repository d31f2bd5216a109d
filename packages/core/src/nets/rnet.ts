import type { Network } from "./ops.js";

/**
 * R-Net, the refinement network of MTCNN (Zhang et al. 2016, figure 2), over crops of 24 x 24 pixels.
 * Its fully connected layers are convolutions over the whole map that is left.
 */
export const rnet: Network<"logits" | "offsets"> = {
  name: "rnet",
  inputSize: 24,
  outputs: ["logits", "offsets"],
  build(ops, input) {
    let x = ops.prelu(ops.conv(input, "rnet/conv1"), "rnet/prelu1");
    x = ops.maxPool(x, { size: 3, stride: 2, ceil: true });
    x = ops.prelu(ops.conv(x, "rnet/conv2"), "rnet/prelu2");
    x = ops.maxPool(x, { size: 3, stride: 2, ceil: true });
    x = ops.prelu(ops.conv(x, "rnet/conv3"), "rnet/prelu3");
    x = ops.prelu(ops.conv(x, "rnet/fc1"), "rnet/prelu4");
    return { logits: ops.conv(x, "rnet/fc2_1"), offsets: ops.conv(x, "rnet/fc2_2") };
  },
};
