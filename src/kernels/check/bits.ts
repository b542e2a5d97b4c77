import { createHash } from 'node:crypto';
import { bindKernels } from '../bind.ts';
import { compileKernels } from '../module.ts';
import { SELF_TEST_BYTES } from './selftest.ts';

/** Sizes past one full tile of the matrix product in every dimension. */
const [M, N, K] = [9, 19, 37];
const LOGITS = 256;
const PAGE_BYTES = 65_536;

/**
 * sha256 (hex) of what the kernels give for fixed inputs, matrix products and exponentials: two machines on which it is the same have the same
 * arithmetic, as far as a test can tell. The inputs are whole multiples of powers of two, so no function of the machine has a part in them.
 */
export function kernelBits(): string {
  const pages = Math.ceil(SELF_TEST_BYTES / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = bindKernels(compileKernels(), memory);
  const hash = createHash('sha256');
  const numbers = (at: number, count: number, scale: number): Float32Array => {
    const array = new Float32Array(memory.buffer, at, count);
    for (let i = 0; i < count; i++) array[i] = (((i + 1) * 2_654_435_761) % 65_521) / scale - 32_760 / scale;
    return array;
  };
  numbers(0, M * K, 32_768);
  numbers(4096, K * N, 16_384);
  kernels.dense_forward(0, 4096, 0, 8192, M, N, K, 0, 0, 16_384);
  hash.update(new Uint8Array(memory.buffer, 8192, 4 * M * N));
  numbers(0, LOGITS, 2048);
  kernels.sigmoid_forward(0, 4096, LOGITS);
  hash.update(new Uint8Array(memory.buffer, 4096, 4 * LOGITS));
  return hash.digest('hex');
}
