import type { Network, Ops } from "./ops.js";

/**
 * YuNet (Wu, Peng and Yu 2023, doi:10.1007/s11633-023-1423-y), the network "n" of its authors: a picture of any size,
 * whose sides are multiples of 32, looked at by three grids of cells, 8, 16 and 32 pixels apart. A cell's 16 channels
 * are the logits of "a face" and of "its centre is here"; where its box is, in cells: how far its centre lies to the right
 * of and below the cell's corner, and the logarithms of its width and height; and the same of its five landmarks, x and y
 * of each.
 */
export const yunet: Network<"stride8" | "stride16" | "stride32"> = {
  name: "yunet",
  inputSize: undefined,
  outputs: ["stride8", "stride16", "stride32"],
  build(ops, input) {
    let x = ops.relu(ops.conv(input, "yunet/stem", { stride: 2, padding: "same" }));
    x = ops.maxPool(unit(ops, x, "yunet/stage1"), halve);
    x = twoUnits(ops, x, "yunet/stage2");
    x = ops.maxPool(twoUnits(ops, x, "yunet/stage3"), halve);
    const at8 = twoUnits(ops, x, "yunet/stage4");
    const at16 = twoUnits(ops, ops.maxPool(at8, halve), "yunet/stage5");
    const at32 = twoUnits(ops, ops.maxPool(at16, halve), "yunet/stage6");
    // The coarser grids tell the finer ones what they see.
    const neck32 = unit(ops, at32, "yunet/neck32");
    const neck16 = unit(ops, ops.add(at16, ops.enlarge(neck32)), "yunet/neck16");
    const neck8 = unit(ops, ops.add(at8, ops.enlarge(neck16)), "yunet/neck8");
    return {
      stride8: head(ops, neck8, "yunet/head8"),
      stride16: head(ops, neck16, "yunet/head16"),
      stride32: head(ops, neck32, "yunet/head32"),
    };
  },
};

const halve = { size: 2, stride: 2 } as const;

/** A convolution in two: over the channels of each position, then over the positions of each channel. */
function separable<T>(ops: Ops<T>, x: T, name: string): T {
  const mixed = ops.conv(x, `${name}/pointwise`);
  return ops.conv(mixed, `${name}/depthwise`, { padding: "same", depthwise: true });
}

function unit<T>(ops: Ops<T>, x: T, name: string): T {
  return ops.relu(separable(ops, x, name));
}

function twoUnits<T>(ops: Ops<T>, x: T, name: string): T {
  return unit(ops, unit(ops, x, `${name}a`), `${name}b`);
}

function head<T>(ops: Ops<T>, x: T, name: string): T {
  return separable(ops, unit(ops, x, `${name}/shared`), name);
}
