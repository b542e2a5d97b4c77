// The parts of Adam that adam, adamw, nadam, radam and lamb share; n floats, any n, 4-byte aligned.
//   source  https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
import { loadAt, storeAt } from '../vector/lanes';

// adam_moments: m = beta1 * m + rest1 * g; v = beta2 * v + rest2 * (g * g)
//   rest1, rest2   1 - beta1, 1 - beta2, rounded from f64: in f32, 1 - 0.999 would be wrong in the fifth digit
//   range          g * g is +Inf from |g| = 1.9e19 on; v then stays +Inf and the parameter where it is (v + rest2 * (g * g - v) would be NaN)
//   twin    adamMoments
export function adam_moments(g: usize, m: usize, v: usize, n: i32, beta1: f32, rest1: f32, beta2: f32, rest2: f32): void {
  for (let i = 0; i < n; i += 4) {
    const gradient = loadAt(g, i, n);
    const square = f32x4.mul(gradient, gradient);
    storeAt(m, i, n, f32x4.add(f32x4.mul(f32x4.splat(beta1), loadAt(m, i, n)), f32x4.mul(f32x4.splat(rest1), gradient)));
    storeAt(v, i, n, f32x4.add(f32x4.mul(f32x4.splat(beta2), loadAt(v, i, n)), f32x4.mul(f32x4.splat(rest2), square)));
  }
}

// adam_step: p -= lr * (m / (sqrt(v) / correction + eps))
//   correction   sqrt(1 - beta2^t)      twin adamStep
export function adam_step(p: usize, m: usize, v: usize, n: i32, lr: f32, correction: f32, eps: f32): void {
  for (let i = 0; i < n; i += 4) {
    const spread = f32x4.add(f32x4.div(f32x4.sqrt(loadAt(v, i, n)), f32x4.splat(correction)), f32x4.splat(eps));
    const direction = f32x4.div(loadAt(m, i, n), spread);
    storeAt(p, i, n, f32x4.sub(loadAt(p, i, n), f32x4.mul(f32x4.splat(lr), direction)));
  }
}

// maximum: a = max(a, b); NaN kept      twin maximum
export function maximum(a: usize, b: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) storeAt(a, i, n, f32x4.max(loadAt(a, i, n), loadAt(b, i, n)));
}
