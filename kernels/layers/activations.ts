// Activations and their derivatives, n floats each; y may be z. A backward kernel works in place on d, the gradient of the loss.
// Any n, 4-byte aligned. An element's bits do not depend on its place: tails run the vector code.
import { loadAt, storeAt } from '../vector/lanes';
import { erf, exp, sigmoid, tanh } from '../vector/math';

const SQRT_HALF: f32 = 0.70710678118654752;
const INV_SQRT_2PI: f32 = 0.39894228040143268;
const F32_MAX: f32 = 3.40282347e38;

// relu_forward: y = max(0, z), where a norm stands between the product and its activation
//   NaN     kept (f32x4.max, not pmax)      twin reluForward
export function relu_forward(z: usize, y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) storeAt(y, i, n, f32x4.max(loadAt(z, i, n), f32x4.splat(0)));
}

// leaky_relu_forward: y = z for z > 0, else slope * z
//   NaN     kept      twin leakyReluForward
export function leaky_relu_forward(z: usize, y: usize, n: i32, slope: f32): void {
  for (let i = 0; i < n; i += 4) {
    const v = loadAt(z, i, n);
    storeAt(y, i, n, v128.bitselect(v, f32x4.mul(v, f32x4.splat(slope)), f32x4.gt(v, f32x4.splat(0))));
  }
}

// sigmoid_forward: y = 1 / (1 + e^-z)
//   bound   2.4 ulp    NaN kept      twin sigmoid
export function sigmoid_forward(z: usize, y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) storeAt(y, i, n, sigmoid(loadAt(z, i, n)));
}

// sigmoid_backward: d *= (1 - y) y
//   order   d * ((1 - y) * y)      twin sigmoidBackward
export function sigmoid_backward(y: usize, d: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const v = loadAt(y, i, n);
    storeAt(d, i, n, f32x4.mul(loadAt(d, i, n), f32x4.mul(f32x4.sub(f32x4.splat(1), v), v)));
  }
}

// tanh_forward: y = tanh z
//   bound   1.35 ulp   NaN kept      twin tanhForward
export function tanh_forward(z: usize, y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) storeAt(y, i, n, tanh(loadAt(z, i, n)));
}

// tanh_backward: d *= 1 - y^2      twin tanhBackward
export function tanh_backward(y: usize, d: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const v = loadAt(y, i, n);
    storeAt(d, i, n, f32x4.mul(loadAt(d, i, n), f32x4.sub(f32x4.splat(1), f32x4.mul(v, v))));
  }
}

// gelu_forward: y = 0.5 z (1 + erf(z / sqrt 2)), the erf form (PyTorch's default)
//   bound   2 * 2^-24 * |z| absolute: 1 + erf cancels for z < 0      NaN kept; gelu(-Inf) = -0 (PyTorch: NaN)      twin gelu
//   source  https://pytorch.org/docs/stable/generated/torch.nn.GELU.html; Hendrycks and Gimpel (2016)
export function gelu_forward(z: usize, y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const v = f32x4.max(loadAt(z, i, n), f32x4.splat(-F32_MAX)); // -Inf times 0 would be NaN
    const cdf = f32x4.add(f32x4.splat(1), erf(f32x4.mul(v, f32x4.splat(SQRT_HALF))));
    storeAt(y, i, n, f32x4.mul(f32x4.mul(f32x4.splat(0.5), v), cdf));
  }
}

// gelu_backward: d *= cdf(z) + z pdf(z), the normal distribution's
//   NaN     kept; +-Inf give the limits 1 and 0      twin geluBackward
export function gelu_backward(z: usize, d: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const v = f32x4.min(f32x4.max(loadAt(z, i, n), f32x4.splat(-F32_MAX)), f32x4.splat(F32_MAX));
    const cdf = f32x4.mul(f32x4.splat(0.5), f32x4.add(f32x4.splat(1), erf(f32x4.mul(v, f32x4.splat(SQRT_HALF)))));
    const pdf = f32x4.mul(f32x4.splat(INV_SQRT_2PI), exp(f32x4.mul(f32x4.mul(f32x4.splat(-0.5), v), v)));
    storeAt(d, i, n, f32x4.mul(loadAt(d, i, n), f32x4.add(cdf, f32x4.mul(v, pdf))));
  }
}

// relu_backward: d = d where y > 0 or y is NaN, else +0
//   NaN     a NaN of the forward pass lets the gradient through, so it shows (PyTorch's threshold_backward)      twin reluBackward
export function relu_backward(y: usize, d: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const blocked = f32x4.le(loadAt(y, i, n), f32x4.splat(0));
    storeAt(d, i, n, v128.andnot(loadAt(d, i, n), blocked));
  }
}

// leaky_relu_backward: d = d where y > 0, else slope d
//   slope >= 0, so that the sign of y is the sign of z      twin leakyReluBackward
export function leaky_relu_backward(y: usize, d: usize, n: i32, slope: f32): void {
  for (let i = 0; i < n; i += 4) {
    const v = loadAt(d, i, n);
    storeAt(d, i, n, v128.bitselect(v, f32x4.mul(v, f32x4.splat(slope)), f32x4.gt(loadAt(y, i, n), f32x4.splat(0))));
  }
}
