import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { ChunkRule } from '../rule.ts';
import { decayGradient } from './decay.ts';

/**
 * g = g + weight_decay p;  v = alpha v + (1 - alpha) g^2;  d = g / (sqrt(v) + eps);
 * centered: a = alpha a + (1 - alpha) g, d = g / (sqrt(v - a^2) + eps);
 * p = p - lr d, with momentum b = momentum b + d, p = p - lr b.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
export const rmsprop: ChunkRule<Extract<OptimizerConfig, { type: 'rmsprop' }>> = {
  state: ({ momentum, centered }) => ['square_avg', ...(centered ? ['grad_avg'] : []), ...(momentum === 0 ? [] : ['momentum_buffer'])],

  apply(kernels, { alpha, eps, centered, momentum }, chunk, context) {
    const { parameters, gradient, state, count } = chunk;
    decayGradient(kernels, chunk, context);
    const squares = state[0] as number;
    if (centered) kernels.rmsprop_centered_direction(gradient, squares, state[1] as number, count, alpha, 1 - alpha, eps);
    else kernels.rmsprop_direction(gradient, squares, count, alpha, 1 - alpha, eps);
    if (momentum === 0) kernels.sgd_step(parameters, gradient, count, context.lr);
    else kernels.sgd_momentum_step(parameters, gradient, state.at(-1) as number, count, context.lr, momentum, 1, 0);
  },
};
