import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { ChunkRule } from '../rule.ts';
import { decayGradient } from './decay.ts';

/**
 * g = g + weight_decay p;  v = rho v + (1 - rho) g^2;  d = sqrt(u + eps) / sqrt(v + eps) g;  u = rho u + (1 - rho) d^2;  p = p - lr d.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 */
export const adadelta: ChunkRule<Extract<OptimizerConfig, { type: 'adadelta' }>> = {
  state: () => ['square_avg', 'acc_delta'],

  apply(kernels, { rho, eps }, chunk, context) {
    const { parameters, gradient, state, count } = chunk;
    decayGradient(kernels, chunk, context);
    kernels.adadelta_step(parameters, gradient, state[0] as number, state[1] as number, count, context.lr, rho, 1 - rho, eps);
  },
};
