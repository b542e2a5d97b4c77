/** What layers do beside products: activations, norms, dropout. Conventions and letters: `Kernels`. */
export interface LayerKernels {
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
}
