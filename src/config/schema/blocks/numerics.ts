import { z } from 'zod';
import { BACKENDS } from '../../names/backends.ts';
import { every, object, positiveInteger } from './parts.ts';

/** Result keys: they can change bits of the result. */
export const numerics = object({
  leaves: positiveInteger
    .max(4096)
    .default(16)
    .describe('slices of the batch whose gradients are summed by a fixed tree; the highest useful worker count'),
  engine: z
    .enum(BACKENDS)
    .default('wasm')
    .describe(
      "wasm: plain SIMD, the same bits on every machine; wasm-fma: products rounded once where the machine can, faster; blas: the system's OpenBLAS, BLIS, MKL or Accelerate, through the optional package koffi. The bits of the last two depend on the machine",
    ),
  digest: object({ every: every.prefault({ steps: 500 }) })
    .prefault({})
    .describe('how often digests.jsonl gets a line: sha256 of parameters, optimizer state and averages, whole and tensor by tensor'),
});
