import { exp, log } from './elementary.ts';
import { RandomStream } from './stream.ts';

const TWO_32 = 0x1_0000_0000;
const TWO_MINUS_53 = 2 ** -53;
const TWO_MINUS_52 = 2 ** -52;

/** Number `index` of the stream, uniform in [0, 1): a multiple of 2^-53, from words 2 index and 2 index + 1. */
export function uniform(stream: RandomStream, index: number): number {
  return fraction(stream.word(2 * index), stream.word(2 * index + 1));
}

function fraction(first: number, second: number): number {
  return ((first >>> 5) * 0x400_0000 + (second >>> 6)) * TWO_MINUS_53;
}

/** Number `index` of the stream, uniform in (0, 1), never an end: an odd multiple of 2^-53, from words 2 index and 2 index + 1. */
export function openUniform(stream: RandomStream, index: number): number {
  return openFraction(stream.word(2 * index), stream.word(2 * index + 1));
}

/** Symmetric around 1/2, all exact. */
function openFraction(first: number, second: number): number {
  return ((first >>> 6) * 0x400_0000 + (second >>> 6) + 0.5) * TWO_MINUS_52;
}

/**
 * Number `index` of the stream, from the standard normal distribution, by the inverse of its distribution function;
 * from words 2 index and 2 index + 1. The largest magnitude is 8.2.
 */
export function normal(stream: RandomStream, index: number): number {
  return normalQuantile(openUniform(stream, index));
}

/** Numbers that are worked out at a time. */
const AT_ONCE = 2048;

/** mean + std `normal` of each index from 0 on, in f32. */
export function normals(stream: RandomStream, mean: number, std: number, out: Float32Array): void {
  const words = new Uint32Array(2 * AT_ONCE);
  for (let first = 0; first < out.length; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, out.length - first);
    stream.words(2 * first, words);
    for (let i = 0; i < count; i++)
      out[first + i] = mean + std * normalQuantile(openFraction(words[2 * i] as number, words[2 * i + 1] as number));
  }
}

/** low + (high - low) `uniform` of each index from 0 on, in f32. */
export function uniforms(stream: RandomStream, low: number, high: number, out: Float32Array): void {
  const words = new Uint32Array(2 * AT_ONCE);
  for (let first = 0; first < out.length; first += AT_ONCE) {
    const count = Math.min(AT_ONCE, out.length - first);
    stream.words(2 * first, words);
    for (let i = 0; i < count; i++) out[first + i] = low + (high - low) * fraction(words[2 * i] as number, words[2 * i + 1] as number);
  }
}

/**
 * A uniform integer in [0, bound), 1 <= bound < 2^32, from the next words of the stream (nearly always one).
 * source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 2019: the high word of word * bound, redrawn where
 * the low word would favour small results.
 */
export function nextBelow(stream: RandomStream, bound: number): number {
  const boundLow = bound & 0xffff;
  const boundHigh = bound >>> 16;
  for (;;) {
    const word = stream.next();
    const low = Math.imul(word, bound) >>> 0;
    // 2^32 mod bound is below bound, so it is only computed when it can matter.
    if (low < bound && low < TWO_32 % bound) continue;
    const a = word & 0xffff;
    const b = word >>> 16;
    const middle = (Math.imul(boundHigh, a) + (Math.imul(boundLow, a) >>> 16)) | 0;
    const carry = (Math.imul(boundLow, b) + (middle & 0xffff)) | 0;
    return (Math.imul(boundHigh, b) + (middle >>> 16) + (carry >>> 16)) >>> 0;
  }
}

/**
 * A uniformly random order of 0..n-1, by Fisher and Yates: the order in which an epoch visits n samples.
 * A function of (seed, epoch, n) alone. measured: see test/random/distributions.test.ts.
 *
 * @param out receives the order, shape [n] or longer
 */
export function permutation(seed: number, epoch: number, n: number, out: Uint32Array): void {
  permute(new RandomStream(seed, 'shuffle', epoch), n, out);
}

/** As `permutation`, from a stream of any purpose. */
export function permute(stream: RandomStream, n: number, out: Uint32Array): void {
  if (out.length < n) throw new RangeError(`out has ${out.length} elements, expected at least ${n}`);
  for (let i = 0; i < n; i++) out[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = nextBelow(stream, i + 1);
    const swapped = out[i] as number;
    out[i] = out[j] as number;
    out[j] = swapped;
  }
}

/**
 * The x with P(standard normal < x) = p, for p in (0, 1); relative error about 1e-16.
 * source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988), PPND16.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * centreA(r)) / centreB(r);
  }
  const r = Math.sqrt(-log(q < 0 ? p : 1 - p));
  const x = r <= 5 ? horner(NEAR_C, r - 1.6) / horner(NEAR_D, r - 1.6) : horner(FAR_E, r - 5) / horner(FAR_F, r - 5);
  return q < 0 ? -x : x;
}

/**
 * P(standard normal < x), absolute error below 1e-15.
 * source: Hart et al., "Computer approximations" (1968), as in West, "Better approximations to cumulative normal functions" (2005).
 */
export function normalCdf(x: number): number {
  const z = Math.abs(x);
  if (z > 37) return x > 0 ? 1 : 0;
  const density = exp((-z * z) / 2);
  const tail =
    z < 7.07106781186547
      ? (density * horner(TAIL_P, z)) / horner(TAIL_Q, z)
      : density / (z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 0.65))))) / SQRT_TWO_PI;
  return x > 0 ? 1 - tail : tail;
}

const SQRT_TWO_PI = 2.5066282746310002;
const TAIL_P = [
  0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931, 220.206867912376,
];
const TAIL_Q = [
  0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831, 793.826512519948,
  440.413735824752,
];

/** Written out, as most numbers come this way; the operations are those of `horner`, in its order. */
const centreA = (r: number): number =>
  ((((((2509.0809287301227 * r + 33430.57558358813) * r + 67265.7709270087) * r + 45921.95393154987) * r + 13731.69376550946) * r +
    1971.5909503065513) *
    r +
    133.14166789178438) *
    r +
  3.3871328727963665;
const centreB = (r: number): number =>
  ((((((5226.495278852854 * r + 28729.085735721943) * r + 39307.89580009271) * r + 21213.794301586597) * r + 5394.196021424751) * r +
    687.1870074920579) *
    r +
    42.31333070160091) *
    r +
  1;

/** Coefficients of AS 241, from the highest power down to the constant, as the f64 numbers that the published digits mean. */
const NEAR_C = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045, 5.769497221460691,
  4.630337846156546, 1.4234371107496835,
];
const NEAR_D = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851, 1.6763848301838038,
  2.053191626637759, 1,
];
const FAR_E = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487, 1.7848265399172913,
  5.463784911164114, 6.657904643501103,
];
const FAR_F = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615, 0.1369298809227358,
  0.599832206555888, 1,
];

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  // By index: the initial weights of a run are drawn while this is not compiled yet, and an iterator takes twice as long then.
  for (let i = 0; i < coefficients.length; i++) sum = sum * x + (coefficients[i] as number);
  return sum;
}
