import type { Network } from "./ops.js";

/**
 * P-Net, the proposal network of MTCNN (Zhang et al. 2016, figure 2): fully convolutional, one cell of
 * 12 x 12 pixels every 2 pixels. `logits` are (not a face, a face) and `offsets` the box regression of each cell.
 */
export const pnet: Network<"logits" | "offsets"> = {
  name: "pnet",
  inputSize: undefined,
  outputs: ["logits", "offsets"],
  build(ops, input) {
    let x = ops.prelu(ops.conv(input, "pnet/conv1"), "pnet/prelu1");
    x = ops.maxPool(x, { size: 2, stride: 2, ceil: true });
    x = ops.prelu(ops.conv(x, "pnet/conv2"), "pnet/prelu2");
    x = ops.prelu(ops.conv(x, "pnet/conv3"), "pnet/prelu3");
    return { logits: ops.conv(x, "pnet/conv4_1"), offsets: ops.conv(x, "pnet/conv4_2") };
  },
};
