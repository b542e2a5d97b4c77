import * as z from 'zod';
import { object, positiveInteger } from '../parts/parts.ts';

/** Execution keys: they never change a bit of the result. */
export const parallel = object({
  workers: z
    .union([positiveInteger.max(4096), z.literal('auto')])
    .default('auto')
    .describe(
      'worker threads; auto: one a usable core (affinity and cgroup quotas count), fewer if the first moments of training show that they are faster',
    ),
  code: z
    .enum(['auto', 'native', 'wasm'])
    .default('auto')
    .describe(
      'what computes: machine code for this processor (x86-64 with AVX2 or AVX-512), or WebAssembly; the bits are equal. auto: machine code where the system allows it',
    ),
  exchange: z
    .enum(['auto', 'gradients', 'factors'])
    .default('auto')
    .describe(
      "gradients: each worker sums the gradient of its own rows, and all add these up; factors: each computes its part of the gradient from all workers' rows; auto: per layer, what moves less between cores",
    ),
  reduce: z
    .enum(['exact', 'fast'])
    .default('exact')
    .describe(
      "how several ranks of MPI sum the gradient: exact: by the tree over leaves, with the bits of one process; fast: by MPI's own all-reduce, whose bits depend on the ranks and on the library. Of no effect without ranks",
    ),
  skip_zeros: z
    .enum(['auto', 'never', 'always'])
    .default('auto')
    .describe("whether the first layer's products skip the zeros of the inputs; auto: where it is faster, found out in the first steps"),
  spin_us: z.number().min(0).max(1e6).default(50).describe('microseconds to spin at a barrier before sleeping'),
});
