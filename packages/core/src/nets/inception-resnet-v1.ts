import type { ConvOptions, Network, Ops } from "./ops.js";

/**
 * Inception-ResNet-v1 (Szegedy et al. 2016, arXiv:1602.07261, figures 10 to 14), as trained for FaceNet:
 * one embedding of 512 numbers for each face of 160 x 160 pixels, not yet normalised. The weights have
 * batch normalisation and the scaling of the residuals folded in.
 */
export const inceptionResnetV1: Network<"embedding"> = {
  name: "inception-resnet-v1",
  inputSize: 160,
  outputs: ["embedding"],
  build(ops, input) {
    let x = stem(ops, input);
    for (let i = 1; i <= 5; i++) x = block35(ops, x, `facenet/Block35_${i}`);
    x = reductionA(ops, x);
    for (let i = 1; i <= 10; i++) x = block17(ops, x, `facenet/Block17_${i}`);
    x = reductionB(ops, x);
    for (let i = 1; i <= 5; i++) x = block8(ops, x, `facenet/Block8_${i}`);
    // The last block feeds the embedding linearly.
    x = block8(ops, x, "facenet/Block8_6", linear);
    return { embedding: ops.conv(ops.globalAveragePool(x), "facenet/Bottleneck") };
  },
};

const same = { padding: "same" } as const;
const halve = { stride: 2 } as const;
const pool = { size: 3, stride: 2 } as const;
const linear = <T>(_: Ops<T>, x: T): T => x;
const rectified = <T>(ops: Ops<T>, x: T): T => ops.relu(x);

/** @param rounding whose quantisation its output has: its own, or that of what it is joined with. */
function unit<T>(ops: Ops<T>, x: T, name: string, options?: ConvOptions, rounding = name): T {
  return ops.quantise(ops.relu(ops.conv(x, name, options)), rounding);
}

/** 160 x 160 x 3 -> 17 x 17 x 256. */
function stem<T>(ops: Ops<T>, input: T): T {
  let x = unit(ops, input, "facenet/Conv2d_1a_3x3", halve);
  x = unit(ops, x, "facenet/Conv2d_2a_3x3");
  x = unit(ops, x, "facenet/Conv2d_2b_3x3", same);
  x = ops.maxPool(x, pool);
  x = unit(ops, x, "facenet/Conv2d_3b_1x1");
  x = unit(ops, x, "facenet/Conv2d_4a_3x3");
  return unit(ops, x, "facenet/Conv2d_4b_3x3", halve);
}

/** Adds the joined branches to the block's input. */
function residual<T>(ops: Ops<T>, x: T, name: string, branches: readonly T[], activation = rectified): T {
  const project = `${name}_Conv2d_1x1`;
  const sum = ops.add(x, ops.quantise(ops.conv(ops.concat(branches), project), project));
  return ops.quantise(activation(ops, sum), name);
}

/** The quantisation of a block's branches, which are joined. */
const branches = (name: string) => `${name}_Branches`;

function block35<T>(ops: Ops<T>, x: T, name: string): T {
  const a = unit(ops, x, `${name}_Branch_0_Conv2d_1x1`, {}, branches(name));
  let b = unit(ops, x, `${name}_Branch_1_Conv2d_0a_1x1`);
  b = unit(ops, b, `${name}_Branch_1_Conv2d_0b_3x3`, same, branches(name));
  let c = unit(ops, x, `${name}_Branch_2_Conv2d_0a_1x1`);
  c = unit(ops, c, `${name}_Branch_2_Conv2d_0b_3x3`, same);
  c = unit(ops, c, `${name}_Branch_2_Conv2d_0c_3x3`, same, branches(name));
  return residual(ops, x, name, [a, b, c]);
}

/** 17 x 17 x 256 -> 8 x 8 x 896. */
function reductionA<T>(ops: Ops<T>, x: T): T {
  const joined = "facenet/Mixed_6a";
  const a = unit(ops, x, "facenet/Mixed_6a_Branch_0_Conv2d_1a_3x3", halve, joined);
  let b = unit(ops, x, "facenet/Mixed_6a_Branch_1_Conv2d_0a_1x1");
  b = unit(ops, b, "facenet/Mixed_6a_Branch_1_Conv2d_0b_3x3", same);
  b = unit(ops, b, "facenet/Mixed_6a_Branch_1_Conv2d_1a_3x3", halve, joined);
  return ops.concat([a, b, ops.quantise(ops.maxPool(x, pool), joined)]);
}

function block17<T>(ops: Ops<T>, x: T, name: string): T {
  const a = unit(ops, x, `${name}_Branch_0_Conv2d_1x1`, {}, branches(name));
  let b = unit(ops, x, `${name}_Branch_1_Conv2d_0a_1x1`);
  b = unit(ops, b, `${name}_Branch_1_Conv2d_0b_1x7`, same);
  b = unit(ops, b, `${name}_Branch_1_Conv2d_0c_7x1`, same, branches(name));
  return residual(ops, x, name, [a, b]);
}

/** 8 x 8 x 896 -> 3 x 3 x 1792. */
function reductionB<T>(ops: Ops<T>, x: T): T {
  const joined = "facenet/Mixed_7a";
  let a = unit(ops, x, "facenet/Mixed_7a_Branch_0_Conv2d_0a_1x1");
  a = unit(ops, a, "facenet/Mixed_7a_Branch_0_Conv2d_1a_3x3", halve, joined);
  let b = unit(ops, x, "facenet/Mixed_7a_Branch_1_Conv2d_0a_1x1");
  b = unit(ops, b, "facenet/Mixed_7a_Branch_1_Conv2d_1a_3x3", halve, joined);
  let c = unit(ops, x, "facenet/Mixed_7a_Branch_2_Conv2d_0a_1x1");
  c = unit(ops, c, "facenet/Mixed_7a_Branch_2_Conv2d_0b_3x3", same);
  c = unit(ops, c, "facenet/Mixed_7a_Branch_2_Conv2d_1a_3x3", halve, joined);
  return ops.concat([a, b, c, ops.quantise(ops.maxPool(x, pool), joined)]);
}

function block8<T>(ops: Ops<T>, x: T, name: string, activation = rectified): T {
  const a = unit(ops, x, `${name}_Branch_0_Conv2d_1x1`, {}, branches(name));
  let b = unit(ops, x, `${name}_Branch_1_Conv2d_0a_1x1`);
  b = unit(ops, b, `${name}_Branch_1_Conv2d_0b_1x3`, same);
  b = unit(ops, b, `${name}_Branch_1_Conv2d_0c_3x1`, same, branches(name));
  return residual(ops, x, name, [a, b], activation);
}
