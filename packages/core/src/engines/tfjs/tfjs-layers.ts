import type * as Tfjs from "@tensorflow/tfjs-core";
import type { ConvOptions, PoolOptions } from "../../nets/index.js";
import type { FloatArithmetic } from "../integers-in-float.js";

/** A batch of feature maps, NHWC. */
export type Maps = Tfjs.Tensor4D;

/** Runs a network's layers at once, on the current backend of a TensorFlow.js module. */
export class TfjsLayers implements FloatArithmetic<Maps> {
  constructor(
    private readonly tf: typeof Tfjs,
    private readonly weight: (name: string) => Tfjs.Tensor,
  ) {}

  conv(x: Maps, name: string, { stride = 1, padding = "valid", depthwise = false }: ConvOptions = {}): Maps {
    const filter = this.weight(`${name}/kernel`) as Maps;
    const bias = this.weight(`${name}/bias`);
    // At larger strides TensorFlow's own "same" would pad the ends alone.
    const isPaddedHere = padding === "same" && stride > 1;
    const padded = isPaddedHere ? this.padAround(x, halfOf(filter.shape[0]), halfOf(filter.shape[1])) : x;
    const window = { x: padded, bias, strides: stride, pad: isPaddedHere ? "valid" : padding };
    if (!depthwise) return this.tf.fused.conv2d({ ...window, filter });
    const [height, width, , channels] = filter.shape;
    return this.tf.fused.depthwiseConv2d({ ...window, filter: this.tf.reshape(filter, [height, width, channels, 1]) });
  }

  relu(x: Maps): Maps {
    return this.tf.relu(x);
  }

  prelu(x: Maps, name: string): Maps {
    return this.tf.prelu(x, this.weight(`${name}/alpha`) as Maps);
  }

  maxPool(x: Maps, { size, stride, ceil = false }: PoolOptions): Maps {
    const [, height, width] = x.shape;
    const padded = ceil ? this.padEnd(x, overhang(height, size, stride), overhang(width, size, stride)) : x;
    return this.tf.maxPool(padded, size, stride, "valid");
  }

  concat(xs: readonly Maps[]): Maps {
    return this.tf.concat([...xs], 3);
  }

  add(a: Maps, b: Maps): Maps {
    return this.tf.add(a, b);
  }

  globalAveragePool(x: Maps): Maps {
    return this.tf.mean(x, [1, 2], true);
  }

  enlarge(x: Maps): Maps {
    const [, height, width] = x.shape;
    return this.tf.image.resizeNearestNeighbor(x, [height * 2, width * 2]);
  }

  multiply(x: Maps, factors: Float32Array): Maps {
    return this.tf.mul(x, factors.length === 1 ? this.tf.scalar(factors[0]!) : this.tf.tensor1d(factors));
  }

  divide(x: Maps, divisor: number): Maps {
    return this.tf.div(x, this.tf.scalar(divisor));
  }

  addNumber(x: Maps, summand: number): Maps {
    return this.tf.add(x, this.tf.scalar(summand));
  }

  round(x: Maps): Maps {
    return this.tf.round(x);
  }

  clip(x: Maps, from: number, to: number): Maps {
    return this.tf.clipByValue(x, from, to);
  }

  private padAround(x: Maps, rows: number, columns: number): Maps {
    return this.tf.pad(x, [
      [0, 0],
      [rows, rows],
      [columns, columns],
      [0, 0],
    ]);
  }

  /** Adds rows and columns that no maximum ever chooses. */
  private padEnd(x: Maps, rows: number, columns: number): Maps {
    if (rows === 0 && columns === 0) return x;
    return this.tf.pad(
      x,
      [
        [0, 0],
        [0, rows],
        [0, columns],
        [0, 0],
      ],
      lowestFloat,
    );
  }
}

function halfOf(side: number): number {
  return (side - 1) / 2;
}

const lowestFloat = -3.4028234663852886e38;

/** How far the last window of a pooling that counts partial windows reaches past the edge. */
function overhang(length: number, size: number, stride: number): number {
  const windows = Math.ceil((length - size) / stride) + 1;
  return (windows - 1) * stride + size - length;
}
