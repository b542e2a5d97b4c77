// What losses and metrics ask of one row of n floats.
import { f32At } from '../vector/pointer';

/** Is `label` the first index of the largest of n values? False if any is NaN. */
export function isFirstMaximum(z: usize, n: i32, label: i32): bool {
  const best = f32.load(f32At(z, label));
  if (best != best) return false;
  for (let j = 0; j < label; j++) if (!(f32.load(f32At(z, j)) < best)) return false;
  for (let j = label + 1; j < n; j++) if (!(f32.load(f32At(z, j)) <= best)) return false;
  return true;
}

/** First index of the largest of n values (n >= 1). */
export function argmax(t: usize, n: i32): i32 {
  let at = 0;
  for (let j = 1; j < n; j++) if (f32.load(f32At(t, j)) > f32.load(f32At(t, at))) at = j;
  return at;
}

/** The class that a row of logits means, -1 if one is NaN. One logit: class 1 above 0, else class 0; more: the first largest. */
export function predictedClass(z: usize, n: i32): i32 {
  for (let j = 0; j < n; j++) if (f32.load(f32At(z, j)) != f32.load(f32At(z, j))) return -1;
  return n == 1 ? i32(f32.load(z) > 0) : argmax(z, n);
}

/** The weight of row r; 1 where there are none. */
// @ts-ignore: decorator
@inline
export function weightOf(weights: usize, r: i32): f64 {
  return weights ? <f64>f32.load(f32At(weights, r)) : 1;
}

/** Lane `lane` of v as f64. */
// @ts-ignore: decorator
@inline
export function laneOf(v: v128, lane: i32): f64 {
  if (lane == 0) return <f64>f32x4.extract_lane(v, 0);
  if (lane == 1) return <f64>f32x4.extract_lane(v, 1);
  if (lane == 2) return <f64>f32x4.extract_lane(v, 2);
  return <f64>f32x4.extract_lane(v, 3);
}

/** sum + the first `count` lanes (at most 4) in order. */
// @ts-ignore: decorator
@inline
export function addLanes(sum: f64, v: v128, count: i32): f64 {
  if (count >= 4) {
    return sum + laneOf(v, 0) + laneOf(v, 1) + laneOf(v, 2) + laneOf(v, 3);
  }
  for (let lane = 0; lane < count; lane++) sum += laneOf(v, lane);
  return sum;
}
