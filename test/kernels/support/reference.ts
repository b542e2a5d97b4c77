/**
 * What the kernels must compute. The product twins repeat the promised order of f32 operations one by one, so bits can be compared;
 * the `64` versions are the same sums in f64 with the sum of magnitudes that error bounds need.
 */
const { fround } = Math;

export const Activation = { identity: 0, relu: 1, leakyRelu: 2 } as const;

function activate(v: number, activation: number, slope: number): number {
  if (activation === Activation.relu) return Number.isNaN(v) ? NaN : v > 0 ? v : 0;
  if (activation === Activation.leakyRelu) return v > 0 ? v : fround(v * fround(slope));
  return v;
}

/** y[M,N] = act(x[M,K] w[K,N] + bias[N]) */
export function denseForward(
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array | null,
  m: number,
  n: number,
  k: number,
  activation: number,
  slope: number,
): Float32Array {
  const y = new Float32Array(m * n);
  for (let r = 0; r < m; r++) {
    for (let c = 0; c < n; c++) {
      let sum = 0;
      for (let j = 0; j < k; j++) sum = fround(sum + fround(x[r * k + j]! * w[j * n + c]!));
      y[r * n + c] = activate(fround(sum + (bias?.[c] ?? 0)), activation, slope);
    }
  }
  return y;
}

/** dx[M,N] = dz[M,K] w[N,K]^T */
export function matmulNt(dz: Float32Array, w: Float32Array, m: number, n: number, k: number): Float32Array {
  const dx = new Float32Array(m * n);
  for (let r = 0; r < m; r++) {
    for (let c = 0; c < n; c++) {
      let sum = 0;
      for (let j = 0; j < k; j++) sum = fround(sum + fround(dz[r * k + j]! * w[c * k + j]!));
      dx[r * n + c] = sum;
    }
  }
  return dx;
}

/** Level by level: node j = node 2j + node 2j+1, a missing partner passes through. */
export function sumTree(slabs: Float32Array[]): Float32Array {
  let level = slabs;
  while (level.length > 1) {
    const next: Float32Array[] = [];
    for (let j = 0; j < level.length; j += 2) {
      const left = level[j]!,
        right = level[j + 1];
      next.push(right ? left.map((v, i) => v + right[i]!) : left);
    }
    level = next;
  }
  return level[0]!;
}

/** dw[I,O] = x^T dz: a slab per leaf, then the tree. */
export function denseWeightGradient(x: Float32Array, dz: Float32Array, bounds: Int32Array, i: number, o: number): Float32Array {
  const slabs: Float32Array[] = [];
  for (let leaf = 0; leaf + 1 < bounds.length; leaf++) {
    const slab = new Float32Array(i * o);
    for (let a = 0; a < i; a++) {
      for (let b = 0; b < o; b++) {
        let sum = 0;
        for (let r = bounds[leaf]!; r < bounds[leaf + 1]!; r++) sum = fround(sum + fround(x[r * i + a]! * dz[r * o + b]!));
        slab[a * o + b] = sum;
      }
    }
    slabs.push(slab);
  }
  return sumTree(slabs);
}

/** db[O] = column sums of dz: a row per leaf, then the tree. */
export function denseBiasGradient(dz: Float32Array, bounds: Int32Array, o: number): Float32Array {
  const slabs: Float32Array[] = [];
  for (let leaf = 0; leaf + 1 < bounds.length; leaf++) {
    const slab = new Float32Array(o);
    for (let r = bounds[leaf]!; r < bounds[leaf + 1]!; r++) for (let b = 0; b < o; b++) slab[b] = slab[b]! + dz[r * o + b]!;
    slabs.push(slab);
  }
  return sumTree(slabs);
}

/** One element's exact-enough sum and the sum of magnitudes that bounds an f32 result's error. */
export interface Sum64 {
  sum: number;
  magnitude: number;
}

/** sum over j of left(j) * right(j) in f64 */
export function dot64(k: number, left: (j: number) => number, right: (j: number) => number): Sum64 {
  let sum = 0;
  let magnitude = 0;
  for (let j = 0; j < k; j++) {
    sum += left(j) * right(j);
    magnitude += Math.abs(left(j) * right(j));
  }
  return { sum, magnitude };
}

/** erf by the series 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!!: all terms of one sign, so nothing cancels. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export const sigmoid = (z: number): number => (z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z)));
export const gelu = (z: number): number => 0.5 * z * (1 + erf(z / Math.SQRT2));
export const geluDerivative = (z: number): number =>
  0.5 * (1 + erf(z / Math.SQRT2)) + (z * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);

export const tanhForward = (z: number): number => Math.tanh(z);

/** A NaN of forward lets the gradient through. */
export const reluBackward = (y: number, d: number): number => (y <= 0 ? 0 : d);
export const leakyReluBackward = (y: number, d: number, slope: number): number => (y > 0 ? d : fround(d * fround(slope)));
export const sigmoidBackward = (y: number, d: number): number => fround(d * fround(fround(1 - y) * y));
export const tanhBackward = (y: number, d: number): number => fround(d * fround(1 - fround(y * y)));
export const geluBackward = (z: number, d: number): number => d * (z === -Infinity ? 0 : z === Infinity ? 1 : geluDerivative(z));

/** The correctly rounded quotients. */
export const u8ToF32 = (bytes: Uint8Array, divisor: number): Float32Array => Float32Array.from(bytes, (v) => v / divisor);

/** (x - mean) / std of each column. */
export function zscore(x: ArrayLike<number>, mean: ArrayLike<number>, std: ArrayLike<number>): Float32Array {
  return Float32Array.from(x, (v, i) => fround(v - mean[i % mean.length]!) / std[i % mean.length]!);
}

/** c[4,8] = a[k,4]^T b[k,8] */
export function tile4x8(a: Float32Array, b: Float32Array, k: number): Float32Array {
  const c = new Float32Array(32);
  for (let j = 0; j < k; j++) {
    for (let i = 0; i < 32; i++) c[i] = fround(c[i]! + fround(a[4 * j + Math.floor(i / 8)]! * b[8 * j + (i % 8)]!));
  }
  return c;
}

/** Loss and gradient of one row in f64. */
export interface RowLoss {
  loss: number;
  gradient: number[];
}

/** What weighs and smooths a loss; defaults change nothing. */
export interface LossOptions {
  smoothing?: number;
  /** Class weights or positive weights, one an output. */
  weights?: ArrayLike<number> | undefined;
  delta?: number;
}

const total = (values: number[]): number => values.reduce((a, b) => a + b, 0);

/** As torch.nn.functional.cross_entropy has it: (1-s) w_y nll_y + s/K sum_c w_c nll_c. */
export function softmaxCrossEntropy(z: number[], label: number, { smoothing = 0, weights }: LossOptions = {}): RowLoss {
  const w = z.map((_, j) => weights?.[j] ?? 1);
  const largest = Math.max(...z);
  const e = z.map((v) => Math.exp(v - largest));
  const sum = total(e);
  const nll = z.map((v) => Math.log(sum) - (v - largest));
  const share = smoothing / z.length;
  const hard = (1 - smoothing) * w[label]!;
  return {
    loss: hard * nll[label]! + (share === 0 ? 0 : share * total(nll.map((v, j) => v * w[j]!))),
    gradient: e.map((v, j) => (hard + share * total(w)) * (v / sum) - share * w[j]! - (j === label ? hard : 0)),
  };
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** As torch.nn.BCEWithLogitsLoss has it: -(p t log sigmoid(z) + (1-t) log(1 - sigmoid(z))), with smoothed t. */
export function sigmoidCrossEntropy(z: number[], t: number[], { smoothing = 0, weights }: LossOptions = {}): RowLoss {
  const smooth = t.map((v) => v * (1 - smoothing) + smoothing / 2);
  const terms = z.map((v, j) => (weights?.[j] ?? 1) * smooth[j]! * softplus(-v) + (1 - smooth[j]!) * softplus(v));
  const gradient = z.map((v, j) => ((1 - smooth[j]!) * sigmoid(v) - (weights?.[j] ?? 1) * smooth[j]! * sigmoid(-v)) / z.length);
  return { loss: total(terms) / z.length, gradient };
}

export function mse(z: number[], t: number[]): RowLoss {
  const d = z.map((v, j) => v - t[j]!);
  return { loss: total(d.map((v) => v * v)) / z.length, gradient: d.map((v) => (2 * v) / z.length) };
}

export function huber(z: number[], t: number[], { delta = 1 }: LossOptions = {}): RowLoss {
  const d = z.map((v, j) => v - t[j]!);
  const terms = d.map((v) => (Math.abs(v) < delta ? (v * v) / 2 : delta * (Math.abs(v) - delta / 2)));
  return { loss: total(terms) / z.length, gradient: d.map((v) => Math.max(-delta, Math.min(delta, v)) / z.length) };
}

export function mae(z: number[], t: number[]): RowLoss {
  const d = z.map((v, j) => v - t[j]!);
  return { loss: total(d.map(Math.abs)) / z.length, gradient: d.map((v) => Math.sign(v) / z.length) };
}

/** Spacing of f32 numbers at x, subnormals included. */
export function ulp32(x: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.max(Math.abs(x), 2 ** -149))));
  return 2 ** (exponent - 23);
}
