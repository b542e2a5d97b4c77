const MAX_SWEEPS = 50;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations: from + - * / and sqrt alone, so with the same bits
 * everywhere.
 *
 * @param matrix  row-major, shape [n, n]; destroyed
 * @returns values in no order, and vectors as columns, row-major
 * @see Golub and Van Loan, "Matrix computations", 8.5
 */
export function eigen(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  const at = (i: number, k: number): number => matrix[i * n + k] as number;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let off = 0;
    let on = 0;
    for (let i = 0; i < n; i++) {
      on += at(i, i) ** 2;
      for (let k = i + 1; k < n; k++) off += at(i, k) ** 2;
    }
    if (off <= 1e-30 * on) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (at(p, q) === 0) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        rotate(matrix, n, p, q, c, t * c);
        for (let k = 0; k < n; k++) {
          const a = vectors[k * n + p] as number;
          const b = vectors[k * n + q] as number;
          vectors[k * n + p] = c * a - t * c * b;
          vectors[k * n + q] = t * c * a + c * b;
        }
      }
    }
  }
  return { values: Float64Array.from({ length: n }, (_, i) => at(i, i)), vectors };
}

/** J^T A J for the rotation J of rows and columns p and q. */
function rotate(matrix: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const a = matrix[k * n + p] as number;
    const b = matrix[k * n + q] as number;
    matrix[k * n + p] = c * a - s * b;
    matrix[k * n + q] = s * a + c * b;
  }
  for (let k = 0; k < n; k++) {
    const a = matrix[p * n + k] as number;
    const b = matrix[q * n + k] as number;
    matrix[p * n + k] = c * a - s * b;
    matrix[q * n + k] = s * a + c * b;
  }
}
