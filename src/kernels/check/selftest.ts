import type { Kernels } from '../kernels.ts';

/** Sizes past one full tile of the matrix product in every dimension. */
const [M, N, K] = [9, 19, 37];
/** Covers the range of exp without the ends where sigmoid is 0 or 1. */
const LOGITS = 64;
const F32_ERROR = 2 ** -24;

/** The largest error of the kernels against f64, as multiples of what they promise: at most 1 is right, NaN never. */
export interface SelfTest {
  matmul: number;
  exp: number;
}

/** Bytes of memory that the self-test uses. */
export const SELF_TEST_BYTES = 65_536;

/**
 * A small matrix product and sigmoids (the way to exp) against f64: finds a machine whose arithmetic is broken.
 *
 * bound: |err| <= K * 2^-24 * sum|x*w| for the product; 8 * 2^-24 relative for the sigmoid.
 */
export function testKernels(kernels: Kernels, memory: WebAssembly.Memory): SelfTest {
  return { matmul: testMatmul(kernels, memory), exp: testExp(kernels, memory) };
}

function testMatmul(kernels: Kernels, memory: WebAssembly.Memory): number {
  const x = new Float32Array(memory.buffer, 0, M * K);
  const w = new Float32Array(memory.buffer, 4096, K * N);
  const y = new Float32Array(memory.buffer, 8192, M * N);
  // Any numbers of both signs without a pattern that would hide a swapped index.
  for (let i = 0; i < x.length; i++) x[i] = Math.fround(Math.sin(1.7 * i + 0.3));
  for (let i = 0; i < w.length; i++) w[i] = Math.fround(Math.cos(2.3 * i + 0.1));
  kernels.dense_forward(0, 4096, 0, 8192, M, N, K, 0, 0, 16_384);
  let worst = 0;
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      let size = 0;
      for (let k = 0; k < K; k++) {
        const product = (x[m * K + k] as number) * (w[k * N + n] as number);
        sum += product;
        size += Math.abs(product);
      }
      worst = Math.max(worst, Math.abs((y[m * N + n] as number) - sum) / (K * F32_ERROR * size));
    }
  }
  return worst;
}

function testExp(kernels: Kernels, memory: WebAssembly.Memory): number {
  const z = new Float32Array(memory.buffer, 0, LOGITS);
  const y = new Float32Array(memory.buffer, 4096, LOGITS);
  for (let i = 0; i < LOGITS; i++) z[i] = (i - LOGITS / 2) / 2;
  kernels.sigmoid_forward(0, 4096, LOGITS);
  let worst = 0;
  for (let i = 0; i < LOGITS; i++) {
    const expected = 1 / (1 + Math.exp(-(z[i] as number)));
    worst = Math.max(worst, Math.abs((y[i] as number) - expected) / (8 * F32_ERROR * expected));
  }
  return worst;
}
