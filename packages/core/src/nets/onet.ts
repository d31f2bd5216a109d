import type { Network } from "./ops.js";

/**
 * O-Net, the output network of MTCNN (Zhang et al. 2016, figure 2), over crops of 48 x 48 pixels.
 * `landmarks` are x1..x5, y1..y5 as shares of the box.
 */
export const onet: Network<"logits" | "offsets" | "landmarks"> = {
  name: "onet",
  inputSize: 48,
  outputs: ["logits", "offsets", "landmarks"],
  build(ops, input) {
    let x = ops.prelu(ops.conv(input, "onet/conv1"), "onet/prelu1");
    x = ops.maxPool(x, { size: 3, stride: 2, ceil: true });
    x = ops.prelu(ops.conv(x, "onet/conv2"), "onet/prelu2");
    x = ops.maxPool(x, { size: 3, stride: 2, ceil: true });
    x = ops.prelu(ops.conv(x, "onet/conv3"), "onet/prelu3");
    x = ops.maxPool(x, { size: 2, stride: 2, ceil: true });
    x = ops.prelu(ops.conv(x, "onet/conv4"), "onet/prelu4");
    x = ops.prelu(ops.conv(x, "onet/fc1"), "onet/prelu5");
    return {
      logits: ops.conv(x, "onet/fc2_1"),
      offsets: ops.conv(x, "onet/fc2_2"),
      landmarks: ops.conv(x, "onet/fc2_3"),
    };
  },
};
