// Adagrad; n floats, any n, 4-byte aligned.
//   source  https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
import { loadAt, storeAt } from '../vector/lanes';

// adagrad_step: s += g * g; p -= lr * (g / (sqrt(s) + eps))      twin adagradStep
export function adagrad_step(p: usize, g: usize, s: usize, n: i32, lr: f32, eps: f32): void {
  for (let i = 0; i < n; i += 4) {
    const gradient = loadAt(g, i, n);
    const sum = f32x4.add(loadAt(s, i, n), f32x4.mul(gradient, gradient));
    const direction = f32x4.div(gradient, f32x4.add(f32x4.sqrt(sum), f32x4.splat(eps)));
    storeAt(s, i, n, sum);
    storeAt(p, i, n, f32x4.sub(loadAt(p, i, n), f32x4.mul(f32x4.splat(lr), direction)));
  }
}
