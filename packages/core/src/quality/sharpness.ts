/** Below this variance of luma (one grey level of 256) a picture holds rounding only, and nothing to be sharp. */
const flatVariance = (1 / 255) ** 2;

/**
 * How much of a square grey picture's contrast is fine detail: the variance of its Laplacian (Pech-Pacheco et
 * al., "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000) over the variance of
 * its luma, so that neither brightness nor contrast changes it. From 0, a flat picture, to below 64, the square
 * of the kernel's largest response; white noise has 20.
 *
 * @param grey side * side values, row by row; beyond its edge it is taken to go on as it is there.
 */
export function sharpness(grey: Float32Array, side: number): number {
  const contrast = variance(grey);
  if (contrast < flatVariance) return 0;
  let squares = 0;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) squares += laplacian(grey, side, x, y) ** 2;
  }
  // The mean of this Laplacian is 0: what a pixel adds to its neighbours' it takes from its own.
  return squares / grey.length / contrast;
}

/** The four neighbours of a pixel, less four times itself. */
function laplacian(grey: Float32Array, side: number, x: number, y: number): number {
  const at = y * side + x;
  const last = side - 1;
  const across = grey[x > 0 ? at - 1 : at]! + grey[x < last ? at + 1 : at]!;
  const down = grey[y > 0 ? at - side : at]! + grey[y < last ? at + side : at]!;
  return across + down - 4 * grey[at]!;
}

function variance(values: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return squares / values.length - mean * mean;
}
