import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { ChunkRule } from '../rule.ts';
import { adamState, applyAdam } from './adam.ts';
import { decayParameters } from './decay.ts';

/**
 * p = p - lr weight_decay p, then Adam's update with the plain gradient.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export const adamw: ChunkRule<Extract<OptimizerConfig, { type: 'adamw' }>> = {
  state: adamState,

  apply(kernels, config, chunk, context) {
    decayParameters(kernels, chunk, context);
    applyAdam(kernels, config, chunk, context);
  },
};
