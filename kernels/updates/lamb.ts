// LAMB's update direction; n floats, any n, 4-byte aligned. Its moments are Adam's.
//   source  You et al., "Large batch optimization for deep learning", https://arxiv.org/abs/1904.00962, algorithm 2
import { loadAt, storeAt } from '../vector/lanes';

// lamb_direction: d = m / correction1 / (sqrt(v) / correction2 + eps) + decay * p
//   correction1, correction2   1 - beta1^t, sqrt(1 - beta2^t)      twin lambDirection
export function lamb_direction(d: usize, p: usize, m: usize, v: usize, n: i32, correction1: f32, correction2: f32, eps: f32, decay: f32): void {
  for (let i = 0; i < n; i += 4) {
    const spread = f32x4.add(f32x4.div(f32x4.sqrt(loadAt(v, i, n)), f32x4.splat(correction2)), f32x4.splat(eps));
    const adaptive = f32x4.div(f32x4.div(loadAt(m, i, n), f32x4.splat(correction1)), spread);
    storeAt(d, i, n, f32x4.add(adaptive, f32x4.mul(f32x4.splat(decay), loadAt(p, i, n))));
  }
}
