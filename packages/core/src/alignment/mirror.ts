/** Swaps left and right of a square of interleaved RGB, in place. */
export function mirrorSquare(pixels: Float32Array, side: number): void {
  for (let row = 0; row < side; row++) {
    for (let left = 0, right = side - 1; left < right; left++, right--) {
      swapPixels(pixels, (row * side + left) * 3, (row * side + right) * 3);
    }
  }
}

function swapPixels(pixels: Float32Array, a: number, b: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const kept = pixels[a + channel]!;
    pixels[a + channel] = pixels[b + channel]!;
    pixels[b + channel] = kept;
  }
}
