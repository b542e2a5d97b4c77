// Elementwise work on arrays of any size; n floats, 4-byte aligned.
// measured: whole vectors apart from the tail: add of 131072 floats 12 us; with loadAt throughout, which tests each time, 34 us.
import { loadAt, loadLanes, storeAt, storeLanes } from './lanes';
import { f32At, strideOf } from './pointer';

// add: a += b, n floats      twin add
export function add(a: usize, b: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(f32At(a, i), f32x4.add(v128.load(f32At(a, i)), v128.load(f32At(b, i))));
  if (i < n) storeAt(a, i, n, f32x4.add(loadAt(a, i, n), loadAt(b, i, n)));
}

// scale: a *= s, n floats      twin scale
export function scale(a: usize, s: f32, n: i32): void {
  const factor = f32x4.splat(s);
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(f32At(a, i), f32x4.mul(v128.load(f32At(a, i)), factor));
  if (i < n) storeAt(a, i, n, f32x4.mul(loadAt(a, i, n), factor));
}

// multiply: a *= b, n floats      NaN kept      twin multiply
export function multiply(a: usize, b: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(f32At(a, i), f32x4.mul(v128.load(f32At(a, i)), v128.load(f32At(b, i))));
  if (i < n) storeAt(a, i, n, f32x4.mul(loadAt(a, i, n), loadAt(b, i, n)));
}

// lerp: a += t * (b - a), n floats
//   order   subtract, multiply, add      NaN kept      source  https://pytorch.org/docs/stable/generated/torch.lerp.html (weight < 0.5)
//   twin    lerp
export function lerp(a: usize, b: usize, n: i32, t: f32): void {
  const weight = f32x4.splat(t);
  let i = 0;
  for (; i + 4 <= n; i += 4) lerpLanes(f32At(a, i), f32At(b, i), weight, 4);
  if (i < n) lerpLanes(f32At(a, i), f32At(b, i), weight, n - i);
}

// @ts-ignore: decorator
@inline
function lerpLanes(a: usize, b: usize, t: v128, count: i32): void {
  const v = loadLanes(a, count);
  storeLanes(a, f32x4.add(v, f32x4.mul(t, f32x4.sub(loadLanes(b, count), v))), count);
}

// copy: to = from, n floats, overlap allowed      NaN bits kept      twin copy
export function copy(to: usize, from: usize, n: i32): void {
  memory.copy(to, from, strideOf(n));
}

// add_scaled: a += s * b, n floats      twin addScaled
export function add_scaled(a: usize, b: usize, s: f32, n: i32): void {
  for (let i = 0; i < n; i += 4) storeAt(a, i, n, f32x4.add(loadAt(a, i, n), f32x4.mul(f32x4.splat(s), loadAt(b, i, n))));
}
