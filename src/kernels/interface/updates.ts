/** From summed gradients to new parameters: regularisation, statistics, the arithmetic of update rules. Conventions and letters: `Kernels`. */
export interface UpdateKernels {
  /** g *= s, n floats; returns the largest |g| afterwards, NaN if there is one. */
  scale_max(g: number, n: number, s: number): number;
  /** The largest |a|, n floats, NaN if there is one. */
  largest(a: number, n: number): number;
  /** The f64 sum of g^2, n floats. */
  sum_squares(g: number, n: number): number;
  /** g += l2 p + l1 sign(p), n floats; returns l1 sum|p| + l2/2 sum p^2. */
  penalize(g: number, p: number, n: number, l1: number, l2: number): number;
  /** g = min(max(g, -limit), limit), n floats, NaN kept. */
  clip_value(g: number, n: number, limit: number): void;
  /** g += std z, n floats; z is standard normal, number first + i of the stream (u32[4], as dropout_forward's). scratch: 64 floats. */
  add_noise(g: number, n: number, std: number, first: number, stream: number, scratch: number): void;
  /** Scales columns from..to-1 of w[I,O] whose Euclidean norm is above limit down to it. */
  max_norm(w: number, i: number, o: number, from: number, to: number, limit: number): void;
  /** out: f64[4] receives the sum of y, the sum of y^2, the count of zeros and the largest |y|; n floats. */
  activation_sums(y: number, n: number, out: number): void;

  // The update rules' arithmetic, n floats each; `rest` is 1 - the decay before it.

  /** p -= lr * g. */
  sgd_step(p: number, g: number, n: number, lr: number): void;
  /** b = mu * b + rest * g; p -= lr * (nesterov ? g + mu * b : b), with nesterov 0 or 1. */
  sgd_momentum_step(p: number, g: number, b: number, n: number, lr: number, mu: number, rest: number, nesterov: number): void;
  /** m = beta1 * m + rest1 * g; v = beta2 * v + rest2 * g^2. */
  adam_moments(g: number, m: number, v: number, n: number, beta1: number, rest1: number, beta2: number, rest2: number): void;
  /** p -= lr * (m / (sqrt(v) / correction + eps)). */
  adam_step(p: number, m: number, v: number, n: number, lr: number, correction: number, eps: number): void;
  /** a = max(a, b). */
  maximum(a: number, b: number, n: number): void;
  /** v = alpha * v + rest * g^2; g = g / (sqrt(v) + eps). */
  rmsprop_direction(g: number, v: number, n: number, alpha: number, rest: number, eps: number): void;
  /** As above with the variance v - a^2 for v, where a = alpha * a + rest * g. */
  rmsprop_centered_direction(g: number, v: number, a: number, n: number, alpha: number, rest: number, eps: number): void;
  /** s += g^2; p -= lr * (g / (sqrt(s) + eps)). */
  adagrad_step(p: number, g: number, s: number, n: number, lr: number, eps: number): void;
  /** v = rho * v + rest * g^2; d = sqrt(u + eps) / sqrt(v + eps) * g; u = rho * u + rest * d^2; p -= lr * d. */
  adadelta_step(p: number, g: number, v: number, u: number, n: number, lr: number, rho: number, rest: number, eps: number): void;
  /** p -= lr * sign(beta1 * m + rest1 * g); m = beta2 * m + rest2 * g. */
  lion_step(p: number, g: number, m: number, n: number, lr: number, beta1: number, rest1: number, beta2: number, rest2: number): void;
  /** d = m / correction1 / (sqrt(v) / correction2 + eps) + decay * p. */
  lamb_direction(
    d: number,
    p: number,
    m: number,
    v: number,
    n: number,
    correction1: number,
    correction2: number,
    eps: number,
    decay: number,
  ): void;
}
