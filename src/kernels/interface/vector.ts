/** Plain passes over vectors, and stored numbers on their way in. Conventions and letters: `Kernels`. */
export interface VectorKernels {
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

  /** dst[i] = src[i] / divisor: uint8 to f32. */
  u8_to_f32(src: number, dst: number, n: number, divisor: number): void;
  /** dst[r,j] = (src[r,j] - mean[j]) / std[j]: uint8 to f32. */
  u8_to_f32_zscore(src: number, dst: number, rows: number, columns: number, mean: number, std: number): void;
  /** x /= divisor, n floats. */
  f32_divide(x: number, n: number, divisor: number): void;
  /** x[r,j] = (x[r,j] - mean[j]) / std[j]. */
  f32_zscore(x: number, rows: number, columns: number, mean: number, std: number): void;
}
