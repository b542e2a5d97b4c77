// The last 1..3 floats of an array, as a vector: tails go through the same vector code as everything else,
// so an element's bits never depend on where it lies, and nothing outside the array is touched.
import { f32At } from './pointer';

/** Lanes 0..count-1 from memory, the rest +0; count 1..3. */
export function loadTail(p: usize, count: i32): v128 {
  let v = v128.load32_zero(p);
  if (count > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (count > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

/** Writes lanes 0..count-1 only; count 1..3. */
export function storeTail(p: usize, v: v128, count: i32): void {
  v128.store_lane<f32>(p, v, 0);
  if (count > 1) v128.store_lane<f32>(p, v, 1, 4);
  if (count > 2) v128.store_lane<f32>(p, v, 2, 8);
}

/** Four floats at index i of n, or the tail of fewer. */
// @ts-ignore: decorator
@inline
export function loadAt(p: usize, i: i32, n: i32): v128 {
  return n - i >= 4 ? v128.load(f32At(p, i)) : loadTail(f32At(p, i), n - i);
}

/** The counterpart of loadAt. */
// @ts-ignore: decorator
@inline
export function storeAt(p: usize, i: i32, n: i32, v: v128): void {
  if (n - i >= 4) v128.store(f32At(p, i), v);
  else storeTail(f32At(p, i), v, n - i);
}

/** Lanes 0..count-1 from memory, the rest +0; count 1..4. Inlined, a constant 4 leaves the bare load. */
// @ts-ignore: decorator
@inline
export function loadLanes(p: usize, count: i32): v128 {
  return count == 4 ? v128.load(p) : loadTail(p, count);
}

/** The counterpart of loadLanes. */
// @ts-ignore: decorator
@inline
export function storeLanes(p: usize, v: v128, count: i32): void {
  if (count == 4) v128.store(p, v);
  else storeTail(p, v, count);
}

/** `count` floats (1 or 2) as f64s, the second +0 where there is none. */
// @ts-ignore: decorator
@inline
export function loadWidened(p: usize, count: i32): v128 {
  return f64x2.promote_low_f32x4(count == 2 ? v128.load64_zero(p) : v128.load32_zero(p));
}

/** Rounds the first `count` f64s (1 or 2) to floats and writes those. */
// @ts-ignore: decorator
@inline
export function storeNarrowed(p: usize, v: v128, count: i32): void {
  const rounded = f32x4.demote_f64x2_zero(v);
  if (count == 2) v128.store_lane<f64>(p, rounded, 0);
  else v128.store_lane<f32>(p, rounded, 0);
}

/** `count` f64s (1 or 2), the second +0 where there is none. */
// @ts-ignore: decorator
@inline
export function loadDoubles(p: usize, count: i32): v128 {
  return count == 2 ? v128.load(p) : v128.load64_zero(p);
}

/** The counterpart of loadDoubles. */
// @ts-ignore: decorator
@inline
export function storeDoubles(p: usize, v: v128, count: i32): void {
  if (count == 2) v128.store(p, v);
  else v128.store_lane<f64>(p, v, 0);
}

/** Lanes 0 and 1 as f64s. */
// @ts-ignore: decorator
@inline
export function widenLow(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

/** Lanes 2 and 3 as f64s. */
// @ts-ignore: decorator
@inline
export function widenHigh(v: v128): v128 {
  return f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3));
}

/** Four floats from two pairs of f64s, each rounded once. */
// @ts-ignore: decorator
@inline
export function narrow(low: v128, high: v128): v128 {
  return i32x4.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** Sum of the two lanes. */
// @ts-ignore: decorator
@inline
export function addPair(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** c + a * b, rounded after the product and after the sum. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(c, f32x4.mul(a, b));
}
