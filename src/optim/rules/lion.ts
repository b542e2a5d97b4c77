import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { ChunkRule } from '../rule.ts';
import { decayParameters } from './decay.ts';
import { betasOf } from './moments.ts';

/**
 * p = p - lr (sign(beta1 m + (1 - beta1) g) + weight_decay p);  m = beta2 m + (1 - beta2) g.
 * The decay comes first, as in the authors' code, which is the same sum.
 *
 * source: Chen et al., "Symbolic discovery of optimization algorithms" (2023), https://arxiv.org/abs/2302.06675, program 1
 */
export const lion: ChunkRule<Extract<OptimizerConfig, { type: 'lion' }>> = {
  state: () => ['exp_avg'],

  apply(kernels, config, chunk, context) {
    const [beta1, beta2] = betasOf(config);
    const { parameters, gradient, state, count } = chunk;
    decayParameters(kernels, chunk, context);
    kernels.lion_step(parameters, gradient, state[0] as number, count, context.lr, beta1, 1 - beta1, beta2, 1 - beta2);
  },
};
