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
