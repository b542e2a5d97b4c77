// The parts of RMSprop; n floats, any n, 4-byte aligned.
//   source  https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
import { loadAt, storeAt } from '../vector/lanes';

// rmsprop_direction: v = alpha * v + rest * (g * g); g = g / (sqrt(v) + eps)
//   rest    1 - alpha, rounded from f64      twin rmspropDirection
export function rmsprop_direction(g: usize, v: usize, n: i32, alpha: f32, rest: f32, eps: f32): void {
  for (let i = 0; i < n; i += 4) {
    const gradient = loadAt(g, i, n);
    const square = f32x4.mul(gradient, gradient);
    const mean = f32x4.add(f32x4.mul(f32x4.splat(alpha), loadAt(v, i, n)), f32x4.mul(f32x4.splat(rest), square));
    storeAt(v, i, n, mean);
    storeAt(g, i, n, f32x4.div(gradient, f32x4.add(f32x4.sqrt(mean), f32x4.splat(eps))));
  }
}

// rmsprop_centered_direction: v as above; a = alpha * a + rest * g; g = g / (sqrt(v - a * a) + eps)
//   range   v - a * a is 0 or more but for rounding, which may bring it below where gradients hardly change: then it counts as 0; NaN kept
//   twin    rmspropCenteredDirection
export function rmsprop_centered_direction(g: usize, v: usize, a: usize, n: i32, alpha: f32, rest: f32, eps: f32): void {
  for (let i = 0; i < n; i += 4) {
    const gradient = loadAt(g, i, n);
    const square = f32x4.mul(gradient, gradient);
    const mean = f32x4.add(f32x4.mul(f32x4.splat(alpha), loadAt(v, i, n)), f32x4.mul(f32x4.splat(rest), square));
    const centre = f32x4.add(f32x4.mul(f32x4.splat(alpha), loadAt(a, i, n)), f32x4.mul(f32x4.splat(rest), gradient));
    const variance = f32x4.max(f32x4.sub(mean, f32x4.mul(centre, centre)), f32x4.splat(0));
    storeAt(v, i, n, mean);
    storeAt(a, i, n, centre);
    storeAt(g, i, n, f32x4.div(gradient, f32x4.add(f32x4.sqrt(variance), f32x4.splat(eps))));
  }
}
