// Lion; n floats, any n, 4-byte aligned.
//   source  Chen et al., "Symbolic discovery of optimization algorithms", https://arxiv.org/abs/2302.06675, program 1
import { loadAt, storeAt } from '../vector/lanes';

// lion_step: p -= lr * sign(beta1 * m + rest1 * g); m = beta2 * m + rest2 * g
//   rest1, rest2   1 - beta1, 1 - beta2, rounded from f64
//   NaN            sign(NaN) = NaN, sign(0) = 0      twin lionStep
export function lion_step(p: usize, g: usize, m: usize, n: i32, lr: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32): void {
  const zero = f32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    const gradient = loadAt(g, i, n);
    const momentum = loadAt(m, i, n);
    const c = f32x4.add(f32x4.mul(f32x4.splat(beta1), momentum), f32x4.mul(f32x4.splat(rest1), gradient));
    const one = v128.or(v128.and(f32x4.gt(c, zero), f32x4.splat(1)), v128.and(f32x4.lt(c, zero), f32x4.splat(-1)));
    const sign = v128.or(one, f32x4.ne(c, c));
    storeAt(m, i, n, f32x4.add(f32x4.mul(f32x4.splat(beta2), momentum), f32x4.mul(f32x4.splat(rest2), gradient)));
    storeAt(p, i, n, f32x4.sub(loadAt(p, i, n), f32x4.mul(f32x4.splat(lr), sign)));
  }
}
