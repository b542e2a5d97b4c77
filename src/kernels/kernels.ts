/**
 * The arithmetic of gradloom: functions of `kernels/*.ts`, compiled to WebAssembly. Pointers are byte offsets into the one shared memory.
 * Letters: M, N, K as in BLAS; B rows, I inputs, O outputs of a layer. All matrices row-major f32 unless said otherwise.
 * Shapes, order of summation and error bounds stand above each kernel in `kernels/`.
 */
export interface Kernels {
  /** y[M,N] = act(x[M,K] w[K,N] + bias[N]); bias 0: none; activation 0 identity, 1 relu, 2 leaky_relu with `slope`. */
  dense_forward(
    x: number,
    w: number,
    bias: number,
    y: number,
    m: number,
    n: number,
    k: number,
    activation: number,
    slope: number,
    scratch: number,
  ): void;
  /** dx[M,N] = dz[M,K] w[N,K]^T: the gradient of a dense layer's input. */
  matmul_nt(dz: number, w: number, dx: number, m: number, n: number, k: number, scratch: number): void;
  /**
   * dw[I,O] = x[B,I]^T dz[B,O], summed per leaf and then by the pairwise tree over `leaves` leaves.
   * bounds: i32[leaves+1], row bounds of the leaves relative to x and dz (first = 0, last = B); leaves may be empty.
   * Rows of x are x_width floats apart: the pointers of a range of columns of x and rows of dw give that part alone, with the same bits.
   */
  dense_weight_gradient(
    x: number,
    dz: number,
    dw: number,
    bounds: number,
    leaves: number,
    i: number,
    o: number,
    x_width: number,
    scratch: number,
  ): void;
  /** db[O] = column sums of dz[B,O], rows dz_width floats apart, summed per leaf and then by the same tree. */
  dense_bias_gradient(dz: number, db: number, bounds: number, leaves: number, o: number, dz_width: number, scratch: number): void;

  /** lists: i32[M,K+4], of each row of x[M,K] the count of its non-zero columns, then these in order. scratch: 64 floats. */
  list_nonzeros(x: number, lists: number, m: number, k: number, scratch: number): void;
  /** dense_forward over the columns of x that `lists` names: the same bits if w is finite. */
  sparse_forward(
    x: number,
    lists: number,
    w: number,
    bias: number,
    y: number,
    m: number,
    n: number,
    k: number,
    activation: number,
    slope: number,
    scratch: number,
  ): void;
  /** dense_weight_gradient over the rows of x that are not zero in four adjacent columns: the same bits if dz is finite. */
  sparse_weight_gradient(
    x: number,
    dz: number,
    dw: number,
    bounds: number,
    leaves: number,
    i: number,
    o: number,
    x_width: number,
    scratch: number,
  ): void;

  relu_forward(z: number, y: number, n: number): void;
  leaky_relu_forward(z: number, y: number, n: number, slope: number): void;
  sigmoid_forward(z: number, y: number, n: number): void;
  tanh_forward(z: number, y: number, n: number): void;
  gelu_forward(z: number, y: number, n: number): void;
  /** In place: d becomes the gradient of z, given the gradient of y = act(z); y (gelu: z) decides. */
  relu_backward(y: number, d: number, n: number): void;
  leaky_relu_backward(y: number, d: number, n: number, slope: number): void;
  sigmoid_backward(y: number, d: number, n: number): void;
  tanh_backward(y: number, d: number, n: number): void;
  gelu_backward(z: number, d: number, n: number): void;

  /**
   * Loss of rows [B,O] of logits against labels i32[B]; dz[B,O] receives the per-sample gradient (0 = not wanted).
   * sampleWeights: f32[B] that multiply a row's loss and gradient (0 = all 1); classWeights: f32[O] (0 = all 1); smoothing: 0 to 1.
   * out: f64[3] receives the sum of the weighted losses, the count of correct rows (argmax, ties to the lowest index), the sum of the weights.
   */
  softmax_cross_entropy(
    z: number,
    labels: number,
    sampleWeights: number,
    classWeights: number,
    dz: number,
    rows: number,
    o: number,
    smoothing: number,
    out: number,
  ): void;
  /**
   * As above with targets t[B,O] in [0,1]; a row's loss is the mean over O. posWeights: f32[O] that multiply the loss of positive targets
   * (0 = all 1). Correct: O = 1: (z > 0) == (t > 0.5); else argmax z == argmax t.
   */
  sigmoid_cross_entropy(
    z: number,
    t: number,
    sampleWeights: number,
    posWeights: number,
    dz: number,
    rows: number,
    o: number,
    smoothing: number,
    out: number,
  ): void;
  /** Squared error, a row's loss is the mean over O; correct: argmax z == argmax t (0 where O = 1). */
  mse(z: number, t: number, sampleWeights: number, dz: number, rows: number, o: number, out: number): void;
  /** Half the squared error up to `delta`, linear beyond it; else as mse. */
  huber(z: number, t: number, sampleWeights: number, dz: number, rows: number, o: number, delta: number, out: number): void;
  /** Absolute error; else as mse. */
  mae(z: number, t: number, sampleWeights: number, dz: number, rows: number, o: number, out: number): void;

  /** counts f64[K,K] at [true, predicted] += 1 for each row without NaN; K = O classes, 2 where O = 1 (class 1 above 0). */
  confusion_add(z: number, labels: number, rows: number, o: number, counts: number): void;
  /** counts f64[K,3] += rows of the class predicted rightly, rows predicted as it, rows of it. */
  class_counts_add(z: number, labels: number, rows: number, o: number, counts: number): void;
  /** count f64[1] += rows whose label is among the k largest logits; equal ones count from the lowest index. */
  top_k_add(z: number, labels: number, rows: number, o: number, k: number, count: number): void;
  /** sums f64[O,2] += per output the sums of |z - t| and (z - t)^2. */
  regression_add(z: number, t: number, rows: number, o: number, sums: number): void;

  /** out: f64[2 O] receives the column sums of z[rows,O], then those of z^2. */
  norm_sums(z: number, rows: number, o: number, out: number): void;
  /** out: f64[2 O] receives the column sums of dy[rows,O], then those of dy * xhat. */
  norm_products(dy: number, xhat: number, rows: number, o: number, out: number): void;
  /** out: f64[n] = sum of sums f64[leaves][n] by the pairwise tree; sums stays. scratch: 64 bytes for every bit of `leaves`. */
  tree_sum_f64(sums: number, leaves: number, n: number, out: number, scratch: number): void;
  /** Mean, biased variance and 1 / sqrt(variance + eps), f32[O] each, from total f64[2 O]: the sums of norm_sums over `rows` rows. */
  norm_statistics(total: number, rows: number, o: number, eps: number, mean: number, variance: number, invstd: number): void;
  /** running = (1 - momentum) running + momentum statistic, the variance unbiased (times rows / (rows - 1); one row: times 1). */
  running_statistics(
    mean: number,
    variance: number,
    rows: number,
    o: number,
    momentum: number,
    running_mean: number,
    running_var: number,
  ): void;
  /** invstd[O] = 1 / sqrt(variance[O] + eps). */
  inverse_std(variance: number, o: number, eps: number, invstd: number): void;
  /** xhat = (z - mean) invstd, y = gamma xhat + beta; z, y, xhat [rows,O], y may be z, xhat 0: not wanted. */
  batch_norm_forward(
    z: number,
    mean: number,
    invstd: number,
    gamma: number,
    beta: number,
    xhat: number,
    y: number,
    rows: number,
    o: number,
  ): void;
  /** In place on d[rows,O]; total f64[2 O]: the sums of norm_products over all `rows_total` rows of the batch. */
  batch_norm_backward(
    d: number,
    xhat: number,
    gamma: number,
    invstd: number,
    total: number,
    rows_total: number,
    rows: number,
    o: number,
  ): void;
  /**
   * dgamma[O], dbeta[O] from sums f64[leaves][2 O], the norm_products of every leaf: rounded to f32 per leaf, then the pairwise tree in f32.
   * scratch: 16 bytes for every bit of `leaves`.
   */
  norm_parameter_gradient(sums: number, leaves: number, o: number, dgamma: number, dbeta: number, scratch: number): void;
  /** As batch_norm_forward with each row's own mean and biased variance; invstd[rows], xhat: 0 where not wanted. */
  layer_norm_forward(
    z: number,
    gamma: number,
    beta: number,
    xhat: number,
    y: number,
    invstd: number,
    rows: number,
    o: number,
    eps: number,
  ): void;
  /** In place on d[rows,O]. */
  layer_norm_backward(d: number, xhat: number, gamma: number, invstd: number, rows: number, o: number): void;

  /**
   * mask = scale where word first + i of the stream is >= threshold (u32), else 0; y = a scale there, else +0 whatever a is; n floats each.
   * y may be a. stream: u32[4], key0, key1, number0, number1 as RandomStream has them.
   */
  dropout_forward(a: number, y: number, mask: number, n: number, first: number, threshold: number, scale: number, stream: number): void;

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
  /** g += std z, n floats; z is standard normal, number first + i of the stream (u32[4] as above). scratch: 64 floats. */
  add_noise(g: number, n: number, std: number, first: number, stream: number, scratch: number): void;
  /** Scales columns from..to-1 of w[I,O] whose Euclidean norm is above limit down to it. */
  max_norm(w: number, i: number, o: number, from: number, to: number, limit: number): void;
  /** out: f64[4] receives the sum of y, the sum of y^2, the count of zeros and the largest |y|; n floats. */
  activation_sums(y: number, n: number, out: number): void;

  /** a += b, n floats. */
  add(a: number, b: number, n: number): void;
  /** a *= s, n floats. */
  scale(a: number, s: number, n: number): void;
  /** a *= b, n floats. */
  multiply(a: number, b: number, n: number): void;
  /** a += t (b - a), n floats. */
  lerp(a: number, b: number, n: number, t: number): void;
  /** to = from, n floats; they may overlap. */
  copy(to: number, from: number, n: number): void;
  /** a += s * b, n floats. */
  add_scaled(a: number, b: number, s: number, n: number): void;

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

  /** c[4,8] = a[k,4]^T b[k,8], all packed: the bare register tile, for measuring what the machine can do. */
  tile_4x8(a: number, b: number, c: number, k: number): void;

  /** dst[i] = src[i] / divisor: uint8 to f32. */
  u8_to_f32(src: number, dst: number, n: number, divisor: number): void;
  /** dst[r,j] = (src[r,j] - mean[j]) / std[j]: uint8 to f32. */
  u8_to_f32_zscore(src: number, dst: number, rows: number, columns: number, mean: number, std: number): void;
  /** x /= divisor, n floats. */
  f32_divide(x: number, n: number, divisor: number): void;
  /** x[r,j] = (x[r,j] - mean[j]) / std[j]. */
  f32_zscore(x: number, rows: number, columns: number, mean: number, std: number): void;
}

export type KernelName = {
  [K in keyof Kernels]: Kernels[K] extends (...args: number[]) => void ? K : never;
}[keyof Kernels];

/** One kernel call of a step's program: fixed pointers and sizes, so a program can be printed and tested. */
export interface KernelCall<K extends KernelName = KernelName> {
  kernel: K;
  args: Readonly<Parameters<Kernels[K]>>;
}

/** A call with exactly the arguments of its kernel. */
export function kernelCall<K extends KernelName>(kernel: K, ...args: Parameters<Kernels[K]>): KernelCall<K> {
  return { kernel, args };
}
