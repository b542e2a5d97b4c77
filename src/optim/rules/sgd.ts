import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { ChunkRule } from '../rule.ts';
import { decayGradient } from './decay.ts';

/**
 * g = g + weight_decay p;  b = momentum b + (1 - dampening) g, at the first step b = g;  p = p - lr b, with nesterov p = p - lr (g + momentum b).
 * Without momentum p = p - lr g.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 */
export const sgd: ChunkRule<Extract<OptimizerConfig, { type: 'sgd' }>> = {
  state: ({ momentum }) => (momentum === 0 ? [] : ['momentum_buffer']),

  apply(kernels, { momentum, dampening, nesterov }, chunk, context) {
    const { parameters, gradient, state, count } = chunk;
    decayGradient(kernels, chunk, context);
    if (momentum === 0) {
      kernels.sgd_step(parameters, gradient, count, context.lr);
      return;
    }
    const rest = context.step === 0 ? 1 : 1 - dampening;
    kernels.sgd_momentum_step(parameters, gradient, state[0] as number, count, context.lr, momentum, rest, nesterov ? 1 : 0);
  },
};
