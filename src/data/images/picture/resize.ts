import type { Picture } from './picture.ts';

/** 22 bits behind the point: what 32 leave for the sum of bytes. */
const FACTOR_BITS = 22;

/** Which pixels of a line make each pixel of the new one, and their shares. */
interface Shares {
  /** [new length]: the first of them. */
  first: Int32Array;
  /** [new length]: how many. */
  count: Int32Array;
  /** [new length, most]: in parts of 2^FACTOR_BITS. */
  factors: Int32Array;
  most: number;
}

/**
 * A picture of another size, by the rule of Pillow's `resize(size, BILINEAR)`, with its integers: each new pixel is the mean of the old ones
 * under a triangle as wide as the step between two new ones, but at least as between two old ones; first along the rows, rounded to bytes, then along the
 * columns. The shape of the whole is not kept: a picture is stretched to the new one.
 */
export function resize(picture: Picture, width: number, height: number): Picture {
  return resizeColumns(resizeRows(picture, width), height);
}

function resizeRows(picture: Picture, width: number): Picture {
  if (picture.width === width) return picture;
  const { height, channels, pixels } = picture;
  const { first, count, factors, most } = sharesOf(picture.width, width);
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * picture.width + (first[x] as number)) * channels;
      for (let c = 0; c < channels; c++) {
        out[(y * width + x) * channels + c] = weighted(pixels, from + c, channels, factors, x * most, count[x] as number);
      }
    }
  }
  return { width, height, channels, pixels: out };
}

function resizeColumns(picture: Picture, height: number): Picture {
  if (picture.height === height) return picture;
  const { width, channels, pixels } = picture;
  const { first, count, factors, most } = sharesOf(picture.height, height);
  const row = width * channels;
  const out = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    const from = (first[y] as number) * row;
    for (let i = 0; i < row; i++) out[y * row + i] = weighted(pixels, from + i, row, factors, y * most, count[y] as number);
  }
  return { width, height, channels, pixels: out };
}

/** The sum of `count` bytes, `step` apart, each times its factor, rounded. */
function weighted(bytes: Uint8Array, from: number, step: number, factors: Int32Array, at: number, count: number): number {
  let sum = 1 << (FACTOR_BITS - 1);
  for (let i = 0; i < count; i++) sum += Math.imul(bytes[from + i * step] as number, factors[at + i] as number);
  // Shares are rounded one by one: those of white may exceed white.
  return Math.min(255, sum >> FACTOR_BITS);
}

/** source: Pillow, Resample.c, `precompute_coeffs` and `normalize_coeffs_8bpc`, with its bilinear filter. */
function sharesOf(length: number, newLength: number): Shares {
  const scale = length / newLength;
  // Half the width of the triangle.
  const support = Math.max(scale, 1);
  const most = 2 * Math.ceil(support) + 1;
  const first = new Int32Array(newLength);
  const count = new Int32Array(newLength);
  const factors = new Int32Array(newLength * most);
  const weights = new Float64Array(most);
  for (let i = 0; i < newLength; i++) {
    const centre = (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const pixels = Math.min(length, Math.trunc(centre + support + 0.5)) - from;
    let sum = 0;
    for (let k = 0; k < pixels; k++) {
      const weight = Math.max(0, 1 - Math.abs((k + from - centre + 0.5) * (1 / support)));
      weights[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < pixels; k++) factors[i * most + k] = Math.trunc(0.5 + ((weights[k] as number) / sum) * 2 ** FACTOR_BITS);
    first[i] = from;
    count[i] = pixels;
  }
  return { first, count, factors, most };
}
