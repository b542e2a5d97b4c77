// Adadelta; n floats, any n, 4-byte aligned.
//   source  https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
import { loadAt, storeAt } from '../vector/lanes';

// adadelta_step: v = rho * v + rest * (g * g); d = sqrt(u + eps) / sqrt(v + eps) * g; u = rho * u + rest * (d * d); p -= lr * d
//   rest    1 - rho, rounded from f64      twin adadeltaStep
export function adadelta_step(p: usize, g: usize, v: usize, u: usize, n: i32, lr: f32, rho: f32, rest: f32, eps: f32): void {
  for (let i = 0; i < n; i += 4) {
    const gradient = loadAt(g, i, n);
    const before = loadAt(u, i, n);
    const square = f32x4.mul(gradient, gradient);
    const mean = f32x4.add(f32x4.mul(f32x4.splat(rho), loadAt(v, i, n)), f32x4.mul(f32x4.splat(rest), square));
    const ratio = f32x4.div(f32x4.sqrt(f32x4.add(before, f32x4.splat(eps))), f32x4.sqrt(f32x4.add(mean, f32x4.splat(eps))));
    const delta = f32x4.mul(ratio, gradient);
    storeAt(v, i, n, mean);
    storeAt(u, i, n, f32x4.add(f32x4.mul(f32x4.splat(rho), before), f32x4.mul(f32x4.splat(rest), f32x4.mul(delta, delta))));
    storeAt(p, i, n, f32x4.sub(loadAt(p, i, n), f32x4.mul(f32x4.splat(lr), delta)));
  }
}
