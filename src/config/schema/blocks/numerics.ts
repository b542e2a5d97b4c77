import * as z from 'zod';
import { every, object, positiveInteger } from '../parts/parts.ts';

/** Result keys: they can change bits of the result. */
export const numerics = object({
  leaves: positiveInteger
    .max(4096)
    .default(16)
    .describe('slices of the batch whose gradients are summed by a fixed tree; the highest useful worker count'),
  engine: z
    .enum(['wasm'])
    .default('wasm')
    .describe(
      'the arithmetic; wasm: every product is rounded, then every sum, as plain WebAssembly does it, so that the bits are the same on every machine',
    ),
  digest: object({ every: every.prefault({ steps: 500 }) })
    .prefault({})
    .describe('how often digests.jsonl gets a line: sha256 of parameters, optimizer state and averages, whole and tensor by tensor'),
});
