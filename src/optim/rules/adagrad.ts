import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { ChunkRule } from '../rule.ts';
import { decayGradient } from './decay.ts';

/**
 * g = g + weight_decay p;  s = s + g^2, from initial_accumulator_value on;  p = p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps).
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 */
export const adagrad: ChunkRule<Extract<OptimizerConfig, { type: 'adagrad' }>> = {
  state: () => ['sum'],
  initialState: (config) => [config.initial_accumulator_value],

  apply(kernels, { lr_decay, eps }, chunk, context) {
    const { parameters, gradient, state, count } = chunk;
    decayGradient(kernels, chunk, context);
    kernels.adagrad_step(parameters, gradient, state[0] as number, count, context.lr / (1 + context.step * lr_decay), eps);
  },
};
