/**
 * Scalar twins of the kernels around layers: normalisation, dropout, penalties, noise. Each repeats the promised order of operations one by
 * one, so that bits can be compared.
 */
import type { RandomStream } from '../../../src/random/stream.ts';

const { abs, fround, max, sign, sqrt } = Math;

/** Element i, NaN outside the array: a wrong index shows. */
export function at(a: ArrayLike<number>, i: number): number {
  return a[i] ?? NaN;
}

/** Level by level: node j = node 2j + node 2j+1, a missing partner passes through; `round` is the arithmetic. */
export function treeSum(leaves: readonly ArrayLike<number>[], round: (v: number) => number): number[] {
  let level = leaves.map((leaf) => Array.from(leaf));
  while (level.length > 1) {
    const next: number[][] = [];
    for (let j = 0; j < level.length; j += 2) {
      const left = level[j] ?? [];
      const right = level[j + 1];
      next.push(right === undefined ? left : left.map((v, i) => round(v + at(right, i))));
    }
    level = next;
  }
  return level[0] ?? [];
}

/** Column sums of d[rows,O] and of d * x, in f64, rows in order. */
export function normProducts(d: ArrayLike<number>, x: ArrayLike<number>, rows: number, o: number): Float64Array {
  const out = new Float64Array(2 * o);
  for (let i = 0; i < rows * o; i++) {
    const c = i % o;
    out[c] = at(out, c) + at(d, i);
    out[o + c] = at(out, o + c) + at(d, i) * at(x, i);
  }
  return out;
}

export const normSums = (z: ArrayLike<number>, rows: number, o: number): Float64Array => normProducts(z, z, rows, o);

export interface Statistics {
  mean: Float32Array;
  variance: Float32Array;
  invstd: Float32Array;
}

export function normStatistics(total: ArrayLike<number>, rows: number, o: number, eps: number): Statistics {
  const mean = Float64Array.from({ length: o }, (_, c) => at(total, c) / rows);
  const variance = mean.map((m, c) => max(at(total, o + c) / rows - m * m, 0));
  return {
    mean: Float32Array.from(mean),
    variance: Float32Array.from(variance),
    invstd: Float32Array.from(variance, (v) => 1 / sqrt(v + eps)),
  };
}

export function batchNormForward(
  z: ArrayLike<number>,
  { mean, invstd }: Pick<Statistics, 'mean' | 'invstd'>,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  o: number,
): { xhat: Float32Array; y: Float32Array } {
  const xhat = Float32Array.from(z, (v, i) => fround(v - at(mean, i % o)) * at(invstd, i % o));
  return { xhat, y: xhat.map((v, i) => fround(at(gamma, i % o) * v) + at(beta, i % o)) };
}

export function batchNormBackward(
  d: ArrayLike<number>,
  xhat: ArrayLike<number>,
  gamma: ArrayLike<number>,
  invstd: ArrayLike<number>,
  total: ArrayLike<number>,
  rowsTotal: number,
  o: number,
): Float32Array {
  return Float32Array.from(d, (v, i) => {
    const c = i % o;
    const a = fround(at(total, c) / rowsTotal);
    const b = fround(at(total, o + c) / rowsTotal);
    return fround(at(gamma, c) * at(invstd, c)) * fround(fround(v - a) - fround(at(xhat, i) * b));
  });
}

/** f64 sum in `lanes` partial sums by index, then halves onto halves: the order of the vector kernels. */
export function laneSum(values: ArrayLike<number>, lanes: 4 | 8): number {
  let partial = new Float64Array(lanes);
  for (let i = 0; i < values.length; i++) partial[i % lanes] = at(partial, i % lanes) + at(values, i);
  while (partial.length > 1) {
    const half = partial.length / 2;
    partial = Float64Array.from({ length: half }, (_, i) => at(partial, i) + at(partial, half + i));
  }
  return at(partial, 0);
}

const squares = (a: ArrayLike<number>): number[] => Array.from(a, (v) => v * v);

/** dgamma, dbeta from f64 [leaves][2 O]: rounded leaf by leaf, then the tree in f32. */
export function normParameterGradient(sums: ArrayLike<number>, leaves: number, o: number): { dgamma: number[]; dbeta: number[] } {
  const slabs = Array.from({ length: leaves }, (_, leaf) => Float32Array.from({ length: 2 * o }, (_sum, i) => at(sums, leaf * 2 * o + i)));
  const total = treeSum(slabs, fround);
  return { dbeta: total.slice(0, o), dgamma: total.slice(o) };
}

export const sumSquares = (g: ArrayLike<number>): number => laneSum(squares(g), 8);

/** NaN if there is one. */
export const largest = (a: ArrayLike<number>): number => Array.from(a).reduce((m, v) => max(m, abs(v)), 0);

export function scaleMax(g: ArrayLike<number>, s: number): { g: Float32Array; largest: number } {
  const scaled = Float32Array.from(g, (v) => v * fround(s));
  return { g: scaled, largest: largest(scaled) };
}

export function activationSums(y: ArrayLike<number>): number[] {
  return [laneSum(y, 4), laneSum(squares(y), 4), Array.from(y).filter((v) => v === 0).length, largest(y)];
}

/** running' = (1 - momentum) running + momentum statistic, the variance unbiased. */
export function runningStatistics(
  running: { mean: ArrayLike<number>; variance: ArrayLike<number> },
  found: { mean: ArrayLike<number>; variance: ArrayLike<number> },
  rows: number,
  momentum: number,
): { mean: Float32Array; variance: Float32Array } {
  const unbiased = rows > 1 ? rows / (rows - 1) : 1;
  return {
    mean: Float32Array.from(running.mean, (v, c) => (1 - momentum) * v + momentum * at(found.mean, c)),
    variance: Float32Array.from(running.variance, (v, c) => (1 - momentum) * v + momentum * (at(found.variance, c) * unbiased)),
  };
}

export function inverseStd(variance: ArrayLike<number>, eps: number): Float32Array {
  return Float32Array.from(variance, (v) => 1 / sqrt(v + eps));
}

/** One row: its normalised values and 1 / sqrt(variance + eps). */
export function layerNormForward(z: ArrayLike<number>, eps: number): { xhat: Float32Array; invstd: number } {
  const mean = laneSum(z, 8) / z.length;
  const invstd = fround(1 / sqrt(max(laneSum(squares(z), 8) / z.length - mean * mean, 0) + eps));
  return { xhat: Float32Array.from(z, (v) => fround(v - fround(mean)) * invstd), invstd };
}

export function layerNormBackward(d: ArrayLike<number>, xhat: ArrayLike<number>, gamma: ArrayLike<number>, invstd: number): Float32Array {
  const g = Float32Array.from(d, (v, c) => at(gamma, c) * v);
  const a = fround(laneSum(g, 4) / g.length);
  const products = Array.from(g, (v, c) => v * at(xhat, c));
  const b = fround(laneSum(products, 4) / g.length);
  return g.map((v, c) => invstd * fround(fround(v - a) - fround(at(xhat, c) * b)));
}

export function dropoutForward(
  a: ArrayLike<number>,
  stream: RandomStream,
  first: number,
  threshold: number,
  scale: number,
): { mask: Float32Array; y: Float32Array } {
  const mask = Float32Array.from(a, (_, i) => (stream.word(first + i) >= threshold ? scale : 0));
  return { mask, y: mask.map((m, i) => (m === 0 ? 0 : at(a, i) * m)) };
}

export function penalize(g: ArrayLike<number>, p: ArrayLike<number>, l1: number, l2: number): { g: Float32Array; penalty: number } {
  const penalty = l1 * laneSum(Array.from(p, abs), 4) + 0.5 * l2 * laneSum(squares(p), 4);
  return { g: Float32Array.from(g, (v, i) => v + fround(fround(fround(l2) * at(p, i)) + fround(l1) * sign(at(p, i)))), penalty };
}

export function maxNorm(w: ArrayLike<number>, rows: number, o: number, from: number, to: number, limit: number): Float32Array {
  const scaled = Float32Array.from(w);
  for (let c = from; c < to; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += at(w, r * o + c) ** 2;
    if (sqrt(sum) > limit) for (let r = 0; r < rows; r++) scaled[r * o + c] = at(w, r * o + c) * fround(limit / sqrt(sum));
  }
  return scaled;
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** Horner's rule in f32, from the highest power. */
const horner = (x: number, coefficients: readonly number[]): number =>
  coefficients.reduce((sum, c) => fround(fround(sum * x) + fround(c)), 0);

/** log32 of kernels/vector/math.ts */
export function log32(x: number): number {
  float[0] = x;
  const pattern = at(bits, 0);
  const shifted = (pattern - 0x3f3504f3) | 0;
  const n = shifted >> 23;
  bits[0] = pattern - (shifted & 0xff800000);
  const f = fround(at(float, 0) - 1);
  const s = fround(f / fround(f + 2));
  const z = fround(s * s);
  const p = horner(z, [0.22222222, 0.28571429, 0.4, 0.66666667]);
  const h = fround(fround(0.5 * f) * f);
  const low = fround(n * fround(-2.1219444e-4));
  const rest = fround(fround(fround(s * fround(h + fround(z * p))) - h) + low);
  return fround(fround(n * 0.693359375) + fround(f + rest));
}

/** The standard normal number of a 32-bit word: `normal` of kernels/updates/regularize.ts. */
export function normalOfWord(word: number): number {
  const m = word & 0x7fffffff;
  const tail = fround(fround(fround(m) + 0.5) * 2 ** -32);
  const q = fround(fround(fround(0x7fffffff - m) + 0.5) * 2 ** -32);
  const r = fround(fround(0.180625) - fround(q * q));
  const t = fround(fround(sqrt(-log32(tail))) - fround(1.6));
  const x =
    q <= fround(0.425)
      ? fround(
          fround(q * horner(r, [59.10937472, 159.29113202, 50.434271938, 3.3871327179])) /
            horner(r, [67.1875636, 78.757757664, 17.895169469, 1]),
        )
      : fround(horner(t, [0.17023821103, 1.3067284816, 2.75681539, 1.4234372777]) / horner(t, [0.12021132975, 0.7370016425, 1]));
  return word >= 0x80000000 ? -x : x;
}

export function addNoise(g: ArrayLike<number>, std: number, stream: RandomStream, first: number): Float32Array {
  return Float32Array.from(g, (v, i) => v + fround(fround(std) * normalOfWord(stream.word(first + i))));
}

/** Indices of what is neither +0 nor -0. */
export function nonzeros(row: ArrayLike<number>): number[] {
  return Array.from(row, (v, j) => (v === 0 ? -1 : j)).filter((j) => j >= 0);
}
