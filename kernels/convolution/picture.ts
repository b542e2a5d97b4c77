// Pictures in memory: copies with zeros around them, and tables of where the taps of a kernel and the pixels of an output lie.
import { loadTail, storeTail } from '../vector/lanes';
import { f32At, f32AtRow, i32At } from '../vector/pointer';

/** Pixels whose products are computed together: what they read stays in the caches while every panel of weights passes. */
export const PIXELS: i32 = 512;
/** Floats of the pictures that are taken together where each has few pixels. */
const PICTURE_FLOATS: i32 = 65536;

/** Pictures taken together, of `pixels` outputs and `floats` values each. Mirrored in src/kernels/sizes.ts. */
// @ts-ignore: decorator
@inline
export function picturesAtOnce(rows: i32, pixels: i32, floats: i32): i32 {
  return max(1, min(rows, min(PIXELS / max(pixels, 1), PICTURE_FLOATS / max(floats, 1))));
}

/** Lines (or columns) of a picture, padding included, that a window touches on its way. */
// @ts-ignore: decorator
@inline
export function reachOf(outputs: i32, stride: i32, kernel: i32, dilation: i32): i32 {
  return (outputs - 1) * stride + (kernel - 1) * dilation + 1;
}

/** A line of floats; bulk memory instructions cost a call of the engine for each. */
export function copyLine(from: usize, to: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    v128.store(to, v128.load(from));
    from = f32At(from, 4);
    to = f32At(to, 4);
  }
  if (n > 0) storeTail(to, loadTail(from, n), n);
}

/** Copies pictures [height, width, channels] into frames [lines, columns, channels] of zeros, the first pixel at [top, left]. */
export function framePictures(
  x: usize, pictures: i32, height: i32, width: i32, channels: i32, top: i32, left: i32, lines: i32, columns: i32, out: usize,
): void {
  const inside = min(width, columns - left) * channels, end = min(height, lines - top);
  for (let i = 0; i < pictures; i++) {
    for (let line = 0; line < end; line++) {
      copyLine(f32AtRow(x, i * height + line, width * channels, 0), f32AtRow(out, i * lines + top + line, columns * channels, left * channels), inside);
    }
  }
}

/** out i32[pictures, lines, columns] = byte offsets of places that are so many floats apart. */
export function placeTable(
  out: usize, pictures: i32, pictureStep: i32, lines: i32, lineStep: i32, columns: i32, columnStep: i32,
): void {
  for (let i = 0; i < pictures; i++) {
    for (let line = 0; line < lines; line++) {
      for (let column = 0; column < columns; column++) {
        i32.store(out, (i * pictureStep + line * lineStep + column * columnStep) << 2);
        out = i32At(out, 1);
      }
    }
  }
}
