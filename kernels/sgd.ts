// Plain stochastic gradient descent; rules with state are in src/optim.
import { loadAt, storeAt } from './lanes';

// sgd_step: p -= lr * g, n floats
//   order   multiply, then subtract      source  https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
export function sgd_step(p: usize, g: usize, n: i32, lr: f32): void {
  for (let i = 0; i < n; i += 4) storeAt(p, i, n, f32x4.sub(loadAt(p, i, n), f32x4.mul(f32x4.splat(lr), loadAt(g, i, n))));
}
