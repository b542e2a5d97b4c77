import type { Component, Frame } from './frame.ts';
import { inverseTransform } from './idct.ts';

/** The samples of a component, [8 down, 8 across]. */
export function samplesOf(component: Component, quantization: Uint16Array): Uint8Array {
  const { across, down, coefficients } = component;
  const stride = 8 * across;
  const plane = new Uint8Array(stride * 8 * down);
  for (let block = 0; block < across * down; block++) {
    const to = Math.floor(block / across) * 8 * stride + (block % across) * 8;
    inverseTransform(coefficients, block * 64, quantization, plane, to, stride);
  }
  return plane;
}

/**
 * Gives row y of a component at the size of the picture, [width rounded up]. A colour of half the size is spread by weights of 3/4 and 1/4
 * between neighbours, in whole numbers, as libjpeg does it (jdsample.c, "fancy upsampling"); other sizes are repeated.
 */
export function rowsOf(frame: Frame, component: Component, plane: Uint8Array): (y: number) => Uint8Array {
  const stride = 8 * component.across;
  const { width, height } = component;
  const [across, down] = [frame.h / component.h, frame.v / component.v];
  const rowAt = (y: number): Uint8Array => {
    const at = Math.min(Math.max(y, 0), height - 1) * stride;
    return plane.subarray(at, at + stride);
  };
  if (across === 1 && down === 1) return rowAt;
  const out = new Uint8Array(stride * across);
  /** The nearer row of the component, and the next nearest. */
  const near = (y: number): [Uint8Array, Uint8Array] => [rowAt(y >> 1), rowAt((y >> 1) + (y % 2 === 0 ? -1 : 1))];
  if (across === 2 && down === 1 && width > 2) {
    return (y) => {
      spread(rowAt(y), width, out);
      return out;
    };
  }
  if (across === 1 && down === 2) {
    return (y) => {
      const [nearer, other] = near(y);
      const bias = y % 2 === 0 ? 1 : 2;
      for (let x = 0; x < width; x++) out[x] = (3 * (nearer[x] as number) + (other[x] as number) + bias) >> 2;
      return out;
    };
  }
  if (across === 2 && down === 2 && width > 2) {
    const sums = new Uint16Array(width);
    return (y) => {
      const [nearer, other] = near(y);
      for (let x = 0; x < width; x++) sums[x] = 3 * (nearer[x] as number) + (other[x] as number);
      spreadSums(sums, width, out);
      return out;
    };
  }
  return (y) => {
    const row = rowAt(Math.floor(y / down));
    for (let x = 0; x < width * across; x++) out[x] = row[Math.floor(x / across)] as number;
    return out;
  };
}

function spread(row: Uint8Array, width: number, out: Uint8Array): void {
  for (let x = 0; x < width; x++) {
    const here = 3 * (row[x] as number);
    out[2 * x] = x === 0 ? (row[0] as number) : (here + (row[x - 1] as number) + 1) >> 2;
    out[2 * x + 1] = x === width - 1 ? (row[x] as number) : (here + (row[x + 1] as number) + 2) >> 2;
  }
}

/** As `spread`, of sums that are four times a sample. */
function spreadSums(sums: Uint16Array, width: number, out: Uint8Array): void {
  for (let x = 0; x < width; x++) {
    const here = sums[x] as number;
    const left = x === 0 ? here : (sums[x - 1] as number);
    const right = x === width - 1 ? here : (sums[x + 1] as number);
    out[2 * x] = (3 * here + left + 8) >> 4;
    out[2 * x + 1] = (3 * here + right + 7) >> 4;
  }
}
