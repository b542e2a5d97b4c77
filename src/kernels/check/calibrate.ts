import type { Kernels } from '../kernels.ts';

/** Depth of the panels: 4 KiB and 8 KiB, at home in any L1. */
const DEPTH = 256;
const FLOPS_PER_CALL = 2 * 4 * 8 * DEPTH;
/** Calls between two looks at the clock: about 50 microseconds. */
const CALLS = 128;

/** Bytes of memory that `measureTileRate` uses from `at` on. */
export const TILE_RATE_BYTES = (4 * DEPTH + 8 * DEPTH + 32) * 4;

/**
 * GFLOP/s of the bare packed 4x8 register tile on this core, right now: the rate that the matrix products are measured against.
 * The median over short slices of `ms` milliseconds, so that other programs' time slices do not count. Overwrites TILE_RATE_BYTES bytes from `at`.
 */
export function measureTileRate(kernels: Pick<Kernels, 'tile_4x8'>, memory: WebAssembly.Memory, ms: number, at = 0): number {
  const [a, b, c] = [at, at + 4 * DEPTH * 4, at + 12 * DEPTH * 4];
  new Float32Array(memory.buffer, at, 12 * DEPTH).fill(0.5);
  const slice = (): number => {
    const start = performance.now();
    for (let i = 0; i < CALLS; i++) kernels.tile_4x8(a, b, c, DEPTH);
    return performance.now() - start;
  };
  // Until the optimizing compiler has taken over.
  const warmUntil = performance.now() + Math.min(20, ms / 2);
  do slice();
  while (performance.now() < warmUntil);

  const slices: number[] = [];
  const until = performance.now() + ms;
  do slices.push(slice());
  while (performance.now() < until);
  slices.sort((p, q) => p - q);
  const median = slices[Math.floor(slices.length / 2)] ?? Infinity;
  return (CALLS * FLOPS_PER_CALL) / median / 1e6;
}
