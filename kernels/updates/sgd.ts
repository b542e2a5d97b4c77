// Stochastic gradient descent; n floats, any n, 4-byte aligned. The rules that call these are in src/optim.
//   source  https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
import { loadAt, storeAt } from '../vector/lanes';

// sgd_step: p -= lr * g
//   order   multiply, then subtract      twin sgdStep
export function sgd_step(p: usize, g: usize, n: i32, lr: f32): void {
  for (let i = 0; i < n; i += 4) storeAt(p, i, n, f32x4.sub(loadAt(p, i, n), f32x4.mul(f32x4.splat(lr), loadAt(g, i, n))));
}

// sgd_momentum_step: b = mu * b + rest * g; p -= lr * (nesterov ? g + mu * b : b)
//   rest    1 - dampening      twin sgdMomentumStep
export function sgd_momentum_step(p: usize, g: usize, b: usize, n: i32, lr: f32, mu: f32, rest: f32, nesterov: bool): void {
  for (let i = 0; i < n; i += 4) {
    const gradient = loadAt(g, i, n);
    const velocity = f32x4.add(f32x4.mul(f32x4.splat(mu), loadAt(b, i, n)), f32x4.mul(f32x4.splat(rest), gradient));
    const direction = nesterov ? f32x4.add(gradient, f32x4.mul(f32x4.splat(mu), velocity)) : velocity;
    storeAt(b, i, n, velocity);
    storeAt(p, i, n, f32x4.sub(loadAt(p, i, n), f32x4.mul(f32x4.splat(lr), direction)));
  }
}
