// What happens to gradients and weights beside the update rule: penalties, clipping, noise, norms. Any n, 4-byte aligned.
import { addPair, loadLanes, loadTail, storeLanes, storeTail, widenHigh, widenLow } from '../vector/lanes';
import { log32 } from '../vector/math';
import { TURN_WORDS, words } from '../vector/philox';
import { f32At, f32AtRow } from '../vector/pointer';

const SIGN: i32 = <i32>0x80000000;

// scale_max: g *= s, n floats; returns the largest |g| after scaling
//   NaN     the result is NaN if any g * s is; 0 for n = 0      order   irrelevant: a maximum is exact      twin scaleMax
//           magnitudes are compared as integers, which order them alike, with NaN above Inf: one instruction where f32x4.max is six
export function scale_max(g: usize, n: i32, s: f32): f32 {
  const factor = f32x4.splat(s);
  let m0 = f32x4.splat(0), m1 = m0, m2 = m0, m3 = m0;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const p = f32At(g, i);
    const v0 = f32x4.mul(v128.load(p), factor), v1 = f32x4.mul(v128.load(p, 16), factor);
    const v2 = f32x4.mul(v128.load(p, 32), factor), v3 = f32x4.mul(v128.load(p, 48), factor);
    v128.store(p, v0);
    v128.store(p, v1, 16);
    v128.store(p, v2, 32);
    v128.store(p, v3, 48);
    m0 = i32x4.max_s(m0, f32x4.abs(v0));
    m1 = i32x4.max_s(m1, f32x4.abs(v1));
    m2 = i32x4.max_s(m2, f32x4.abs(v2));
    m3 = i32x4.max_s(m3, f32x4.abs(v3));
  }
  for (; i < n; i += 4) {
    const count = min(4, n - i);
    storeLanes(f32At(g, i), f32x4.mul(loadLanes(f32At(g, i), count), factor), count);
    m0 = i32x4.max_s(m0, f32x4.abs(loadLanes(f32At(g, i), count))); // loaded again: an empty lane is 0, but 0 * s might be NaN
  }
  return largestLane(i32x4.max_s(i32x4.max_s(m0, m1), i32x4.max_s(m2, m3)));
}

// largest: returns the largest |a|, n floats
//   NaN     as scale_max      twin largest
export function largest(a: usize, n: i32): f32 {
  let m0 = f32x4.splat(0), m1 = m0, m2 = m0, m3 = m0;
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const p = f32At(a, i);
    m0 = i32x4.max_s(m0, f32x4.abs(v128.load(p)));
    m1 = i32x4.max_s(m1, f32x4.abs(v128.load(p, 16)));
    m2 = i32x4.max_s(m2, f32x4.abs(v128.load(p, 32)));
    m3 = i32x4.max_s(m3, f32x4.abs(v128.load(p, 48)));
  }
  for (; i < n; i += 4) m0 = i32x4.max_s(m0, f32x4.abs(loadLanes(f32At(a, i), min(4, n - i))));
  return largestLane(i32x4.max_s(i32x4.max_s(m0, m1), i32x4.max_s(m2, m3)));
}

/** The largest of four magnitudes, NaN if there is one. */
// @ts-ignore: decorator
@inline
function largestLane(m: v128): f32 {
  return max(max(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1)), max(f32x4.extract_lane(m, 2), f32x4.extract_lane(m, 3)));
}

// sum_squares: returns the f64 sum of g^2, n floats
//   order   squares exact in f64; element i in partial sum i mod 8, ((0,1 + 4,5) + (2,3 + 6,7)), then the two lanes
//   bound   (n / 8 + 3) * 2^-53 relative      NaN kept      twin sumSquares
export function sum_squares(g: usize, n: i32): f64 {
  const zero = f64x2.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const p = f32At(g, i);
    const v = v128.load(p), u = v128.load(p, 16);
    s0 = addSquare(s0, widenLow(v));
    s1 = addSquare(s1, widenHigh(v));
    s2 = addSquare(s2, widenLow(u));
    s3 = addSquare(s3, widenHigh(u));
  }
  if (i < n) {
    const v = loadLanes(f32At(g, i), min(4, n - i)), u = i + 4 < n ? loadTail(f32At(g, i + 4), n - i - 4) : zero;
    s0 = addSquare(s0, widenLow(v));
    s1 = addSquare(s1, widenHigh(v));
    s2 = addSquare(s2, widenLow(u));
    s3 = addSquare(s3, widenHigh(u));
  }
  return addPair(f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3)));
}

// @ts-ignore: decorator
@inline
function addSquare(sum: v128, v: v128): v128 {
  return f64x2.add(sum, f64x2.mul(v, v));
}

// penalize: g += l2 p + l1 sign(p), n floats; returns the penalty l1 sum|p| + l2/2 sum p^2
//   order   gradient in f32: g + (l2 * p + l1 * sign), sign(+-0) = +0; penalty in f64: element i in partial sum i mod 4, (0,1 + 2,3),
//           then the two lanes, for |p| and p^2 apart      NaN kept; an infinite p needs l2 > 0, 0 * Inf is NaN      twin penalize
export function penalize(g: usize, p: usize, n: i32, l1: f64, l2: f64): f64 {
  const ridge = f32x4.splat(<f32>l2), lasso = f32x4.splat(<f32>l1), zero = f64x2.splat(0);
  let a0 = zero, a1 = zero, q0 = zero, q1 = zero;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(f32At(p, i)), low = widenLow(v), high = widenHigh(v);
    v128.store(f32At(g, i), f32x4.add(v128.load(f32At(g, i)), pull(v, ridge, lasso)));
    a0 = f64x2.add(a0, f64x2.abs(low));
    a1 = f64x2.add(a1, f64x2.abs(high));
    q0 = addSquare(q0, low);
    q1 = addSquare(q1, high);
  }
  if (i < n) {
    const v = loadTail(f32At(p, i), n - i), low = widenLow(v), high = widenHigh(v);
    storeTail(f32At(g, i), f32x4.add(loadTail(f32At(g, i), n - i), pull(v, ridge, lasso)), n - i);
    a0 = f64x2.add(a0, f64x2.abs(low));
    a1 = f64x2.add(a1, f64x2.abs(high));
    q0 = addSquare(q0, low);
    q1 = addSquare(q1, high);
  }
  return l1 * addPair(f64x2.add(a0, a1)) + 0.5 * l2 * addPair(f64x2.add(q0, q1));
}

/** ridge p + lasso sign(p) */
// @ts-ignore: decorator
@inline
function pull(p: v128, ridge: v128, lasso: v128): v128 {
  const signed = v128.or(lasso, v128.and(p, i32x4.splat(SIGN)));
  return f32x4.add(f32x4.mul(ridge, p), v128.and(signed, f32x4.ne(p, f32x4.splat(0))));
}

// clip_value: g = min(max(g, -limit), limit), n floats
//   NaN     kept: pmin and pmax give their first operand then; infinities become the limit      source  https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
//   twin    clipValue
export function clip_value(g: usize, n: i32, limit: f32): void {
  const high = f32x4.splat(limit), low = f32x4.splat(-limit);
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(f32At(g, i), f32x4.pmin(f32x4.pmax(v128.load(f32At(g, i)), low), high));
  if (i < n) storeLanes(f32At(g, i), f32x4.pmin(f32x4.pmax(loadTail(f32At(g, i), n - i), low), high), n - i);
}

/** Words that add_noise draws at a time into its scratch. */
const NOISE_WORDS: i32 = 2 * TURN_WORDS;

// add_noise: g += std * z, n floats, z standard normal
//   stream  u32[4]: key0, key1, number0, number1, as RandomStream's      scratch 64 floats
//   order   element i has word first + i of the stream, first >= 0, first + n <= 2^32; z = normal of that word; multiply, add
//   NaN     kept      twin addNoise
export function add_noise(g: usize, n: i32, std: f32, first: i32, stream: usize, scratch: usize): void {
  const deviation = f32x4.splat(std);
  for (let i = 0; i < n; ) {
    const end = min(n, i + NOISE_WORDS - (first + i & 3)); // later pieces begin with a block
    words(scratch, end - i, <u32>first + <u32>i, stream);
    let from = scratch;
    for (; i + 4 <= end; i += 4, from += 16) addNormal(f32At(g, i), from, deviation, 4);
    if (i < end) addNormal(f32At(g, i), from, deviation, end - i);
    i = end;
  }
}

// @ts-ignore: decorator
@inline
function addNormal(g: usize, word: usize, deviation: v128, count: i32): void {
  storeLanes(g, f32x4.add(loadLanes(g, count), f32x4.mul(deviation, normal(loadLanes(word, count)))), count);
}

/**
 * Standard normal numbers from 32-bit words: bit 31 is the sign, the other bits m give the tail probability (m + 1/2) 2^-32, whose
 * quantile is the magnitude. So the tails are resolved down to 2^-33 (6.34 standard deviations), though f32 has 24 bits.
 * bound: 5e-7 relative to the exact quantile, measured in test/kernels/updates/regularize.test.ts.
 * source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988), PPND7.
 */
function normal(word: v128): v128 {
  const bits = v128.and(word, i32x4.splat(0x7fffffff));
  const rest = i32x4.sub(i32x4.splat(0x7fffffff), bits);
  const half = f32x4.splat(0.5), unit = f32x4.splat(2.3283064365386963e-10);
  const tail = f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(bits), half), unit); // p of the smaller side
  const q = f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(rest), half), unit); // 1/2 - p, without cancellation
  const r = f32x4.sub(f32x4.splat(0.180625), f32x4.mul(q, q));
  let top = f32x4.splat(5.9109374720e+1);
  top = f32x4.add(f32x4.mul(top, r), f32x4.splat(1.5929113202e+2));
  top = f32x4.add(f32x4.mul(top, r), f32x4.splat(5.0434271938e+1));
  top = f32x4.add(f32x4.mul(top, r), f32x4.splat(3.3871327179));
  let bottom = f32x4.splat(6.7187563600e+1);
  bottom = f32x4.add(f32x4.mul(bottom, r), f32x4.splat(7.8757757664e+1));
  bottom = f32x4.add(f32x4.mul(bottom, r), f32x4.splat(1.7895169469e+1));
  bottom = f32x4.add(f32x4.mul(bottom, r), f32x4.splat(1));
  // AS 241's third region begins at a tail of e^-25, which no word reaches.
  const t = f32x4.sub(f32x4.sqrt(f32x4.neg(log32(tail))), f32x4.splat(1.6));
  let above = f32x4.splat(1.7023821103e-1);
  above = f32x4.add(f32x4.mul(above, t), f32x4.splat(1.3067284816));
  above = f32x4.add(f32x4.mul(above, t), f32x4.splat(2.7568153900));
  above = f32x4.add(f32x4.mul(above, t), f32x4.splat(1.4234372777));
  let below = f32x4.splat(1.2021132975e-1);
  below = f32x4.add(f32x4.mul(below, t), f32x4.splat(7.3700164250e-1));
  below = f32x4.add(f32x4.mul(below, t), f32x4.splat(1));
  const centre = f32x4.le(q, f32x4.splat(0.425));
  const numerator = v128.bitselect(f32x4.mul(q, top), above, centre);
  return v128.or(f32x4.div(numerator, v128.bitselect(bottom, below, centre)), v128.and(word, i32x4.splat(SIGN)));
}

// max_norm: columns from..to-1 of w whose Euclidean norm is above limit are scaled down to it
//   w [I,O]; limit >= 0
//   order   sum of squares of a column in f64, rows in order; factor limit / norm in f64, rounded once; times it in f32
//   NaN     a column with one stays as it is; an infinite element becomes NaN, its column 0      twin maxNorm
//   source  https://pytorch.org/docs/stable/generated/torch.renorm.html, without the 1e-7 added to the norm
export function max_norm(w: usize, i: i32, o: i32, from: i32, to: i32, limit: f32): void {
  let c = from;
  for (; c + 16 <= to; c += 16) normColumns16(f32At(w, c), i, o, limit);
  for (; c < to; c += 4) normColumns(f32At(w, c), i, o, limit, min(4, to - c));
}

/** limit / norm for four columns from their sums of squares, exactly 1 for those that stay. */
// @ts-ignore: decorator
@inline
function factors(low: v128, high: v128, limit: f32): v128 {
  const bound = f64x2.splat(<f64>limit), one = f64x2.splat(1);
  low = f64x2.sqrt(low);
  high = f64x2.sqrt(high);
  const f0 = f32x4.demote_f64x2_zero(v128.bitselect(f64x2.div(bound, low), one, f64x2.gt(low, bound)));
  const f1 = f32x4.demote_f64x2_zero(v128.bitselect(f64x2.div(bound, high), one, f64x2.gt(high, bound)));
  return i32x4.shuffle(f0, f1, 0, 1, 4, 5);
}

/** 16 columns: one cache line of every row. */
function normColumns16(w: usize, rows: i32, o: i32, limit: f32): void {
  const zero = f64x2.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
  for (let r = 0; r < rows; r++) {
    const p = f32AtRow(w, r, o, 0);
    s0 = addSquare(s0, f64x2.promote_low_f32x4(v128.load64_zero(p)));
    s1 = addSquare(s1, f64x2.promote_low_f32x4(v128.load64_zero(p, 8)));
    s2 = addSquare(s2, f64x2.promote_low_f32x4(v128.load64_zero(p, 16)));
    s3 = addSquare(s3, f64x2.promote_low_f32x4(v128.load64_zero(p, 24)));
    s4 = addSquare(s4, f64x2.promote_low_f32x4(v128.load64_zero(p, 32)));
    s5 = addSquare(s5, f64x2.promote_low_f32x4(v128.load64_zero(p, 40)));
    s6 = addSquare(s6, f64x2.promote_low_f32x4(v128.load64_zero(p, 48)));
    s7 = addSquare(s7, f64x2.promote_low_f32x4(v128.load64_zero(p, 56)));
  }
  const f0 = factors(s0, s1, limit), f1 = factors(s2, s3, limit), f2 = factors(s4, s5, limit), f3 = factors(s6, s7, limit);
  const one = f32x4.splat(1);
  const scaled = v128.or(v128.or(f32x4.ne(f0, one), f32x4.ne(f1, one)), v128.or(f32x4.ne(f2, one), f32x4.ne(f3, one)));
  if (!v128.any_true(scaled)) return;
  for (let r = 0; r < rows; r++) {
    const p = f32AtRow(w, r, o, 0);
    v128.store(p, f32x4.mul(v128.load(p), f0));
    v128.store(p, f32x4.mul(v128.load(p, 16), f1), 16);
    v128.store(p, f32x4.mul(v128.load(p, 32), f2), 32);
    v128.store(p, f32x4.mul(v128.load(p, 48), f3), 48);
  }
}

function normColumns(w: usize, rows: i32, o: i32, limit: f32, count: i32): void {
  let s0 = f64x2.splat(0), s1 = s0;
  for (let r = 0; r < rows; r++) {
    const v = loadLanes(f32AtRow(w, r, o, 0), count);
    s0 = addSquare(s0, widenLow(v));
    s1 = addSquare(s1, widenHigh(v));
  }
  const f = factors(s0, s1, limit);
  if (!v128.any_true(f32x4.ne(f, f32x4.splat(1)))) return;
  for (let r = 0; r < rows; r++) {
    const p = f32AtRow(w, r, o, 0);
    storeLanes(p, f32x4.mul(loadLanes(p, count), f), count);
  }
}

// activation_sums: out = sum of y, sum of y^2, count of zeros (either sign), largest |y|; n floats
//   out f64[4], overwritten; all 0 for n = 0
//   order   in f64: element i in partial sum i mod 4, (0,1 + 2,3), then the two lanes
//   NaN     kept in both sums and the maximum      twin activationSums
export function activation_sums(y: usize, n: i32, out: usize): void {
  const zero = f64x2.splat(0);
  let s0 = zero, s1 = zero, q0 = zero, q1 = zero, largest = zero, zeros = zero;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(f32At(y, i)), low = widenLow(v), high = widenHigh(v);
    s0 = f64x2.add(s0, low);
    s1 = f64x2.add(s1, high);
    q0 = addSquare(q0, low);
    q1 = addSquare(q1, high);
    zeros = i32x4.sub(zeros, f32x4.eq(v, f32x4.splat(0))); // true is -1
    largest = i32x4.max_s(largest, f32x4.abs(v)); // as in scale_max
  }
  let empty = 0; // lanes of the tail that hold nothing, and look like zeros
  if (i < n) {
    const v = loadTail(f32At(y, i), n - i), low = widenLow(v), high = widenHigh(v);
    s0 = f64x2.add(s0, low);
    s1 = f64x2.add(s1, high);
    q0 = addSquare(q0, low);
    q1 = addSquare(q1, high);
    zeros = i32x4.sub(zeros, f32x4.eq(v, f32x4.splat(0)));
    largest = i32x4.max_s(largest, f32x4.abs(v));
    empty = i + 4 - n;
  }
  const count = i32x4.extract_lane(zeros, 0) + i32x4.extract_lane(zeros, 1) + i32x4.extract_lane(zeros, 2) + i32x4.extract_lane(zeros, 3);
  f64.store(out, addPair(f64x2.add(s0, s1)));
  f64.store(out, addPair(f64x2.add(q0, q1)), 8);
  f64.store(out, <f64>(count - empty), 16);
  f64.store(out, <f64>largestLane(largest), 24);
}
