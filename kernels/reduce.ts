// Sums and scalings of parameter-sized arrays; any n, 4-byte aligned.
import { loadAt, storeAt } from './lanes';

// add: a += b, n floats
export function add(a: usize, b: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) storeAt(a, i, n, f32x4.add(loadAt(a, i, n), loadAt(b, i, n)));
}

// scale: a *= s, n floats
export function scale(a: usize, s: f32, n: i32): void {
  for (let i = 0; i < n; i += 4) storeAt(a, i, n, f32x4.mul(loadAt(a, i, n), f32x4.splat(s)));
}
