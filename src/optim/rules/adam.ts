import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { ChunkRule, UpdateChunk, UpdateContext } from '../rule.ts';
import { decayGradient } from './decay.ts';
import { biasCorrections, MOMENTS, type MomentsConfig, updateMoments } from './moments.ts';

interface AdamConfig extends MomentsConfig {
  eps: number;
  amsgrad: boolean;
}

/**
 * g = g + weight_decay p;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
 * p = p - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps).  With amsgrad the largest v so far stands for v in the last line.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 */
export const adam: ChunkRule<Extract<OptimizerConfig, { type: 'adam' }>> = {
  state: adamState,

  apply(kernels, config, chunk, context) {
    decayGradient(kernels, chunk, context);
    applyAdam(kernels, config, chunk, context);
  },
};

export function adamState({ amsgrad }: AdamConfig): readonly string[] {
  return amsgrad ? [...MOMENTS, 'max_exp_avg_sq'] : MOMENTS;
}

/** Adam's update without weight decay. */
export function applyAdam(kernels: Kernels, config: AdamConfig, chunk: UpdateChunk, { lr, step }: UpdateContext): void {
  const [m, v] = updateMoments(kernels, config, chunk);
  const [first, second] = biasCorrections(config, step);
  let squares = v;
  if (config.amsgrad) {
    squares = chunk.state[2] as number;
    kernels.maximum(squares, v, chunk.count);
  }
  kernels.adam_step(chunk.parameters, m, squares, chunk.count, lr / first, Math.sqrt(second), config.eps);
}
