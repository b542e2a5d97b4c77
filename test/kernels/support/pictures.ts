/** Scalar twins of the kernels that change pictures. Each repeats the promised order of operations one by one, so that bits can be compared. */
import type { RandomStream } from '../../../src/random/stream.ts';
import { at } from './twins.ts';

const { fround } = Math;

export function displacement(
  h: number,
  w: number,
  weights: ArrayLike<number>,
  amount: number,
  stream: RandomStream,
  first: number,
): Float32Array {
  const reach = (weights.length - 1) / 2;
  const unit = fround(fround(amount) * fround(2 ** -31));
  const noise = Float32Array.from({ length: h * w }, (_, i) => fround(stream.word(first + i) | 0) * unit);
  const columns = Float32Array.from({ length: h * w }, (_, i) =>
    weighted(weights, reach, Math.floor(i / w), h, (y) => at(noise, y * w + (i % w))),
  );
  return columns.map((_, i) => weighted(weights, reach, i % w, w, (x) => at(columns, Math.floor(i / w) * w + x)));
}

/** The sum over the neighbours of place `i` that lie in [0, n). */
function weighted(weights: ArrayLike<number>, reach: number, i: number, n: number, value: (k: number) => number): number {
  let sum = 0;
  for (let k = Math.max(0, i - reach); k <= Math.min(n - 1, i + reach); k++) {
    sum = fround(sum + fround(at(weights, k - i + reach) * value(k)));
  }
  return sum;
}

export function warp(
  from: ArrayLike<number>,
  [channels, h, w]: readonly [number, number, number],
  map: ArrayLike<number>,
  moved?: ArrayLike<number>,
): Float32Array {
  const n = h * w;
  const share = (a: number, b: number, of: number): number => fround(a + fround(of * fround(b - a)));
  return Float32Array.from({ length: channels * n }, (_, i) => {
    const [c, x, y] = [Math.floor(i / n), i % w, Math.floor((i % n) / w)];
    const sx = at(map, 0) * x + (at(map, 1) * y + at(map, 2)) + (moved === undefined ? 0 : at(moved, i % n));
    const sy = at(map, 3) * x + (at(map, 4) * y + at(map, 5)) + (moved === undefined ? 0 : at(moved, n + (i % n)));
    const [left, above] = [Math.floor(sx), Math.floor(sy)];
    const pixel = (px: number, py: number): number => (px >= 0 && px < w && py >= 0 && py < h ? at(from, c * n + py * w + px) : 0);
    const along = fround(sx - left);
    const top = share(pixel(left, above), pixel(left + 1, above), along);
    const bottom = share(pixel(left, above + 1), pixel(left + 1, above + 1), along);
    return share(top, bottom, fround(sy - above));
  });
}

export function clamp(a: ArrayLike<number>, low: number, high: number): Float32Array {
  return Float32Array.from(a, (v) => Math.min(Math.max(v, low), high));
}
