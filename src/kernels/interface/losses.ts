/** Losses with their gradients, and what metrics count. Conventions and letters: `Kernels`. */
export interface LossKernels {
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
}
