import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { TensorRule } from '../rule.ts';
import { biasCorrections, MOMENTS, updateMoments } from './moments.ts';

/**
 * m and v as in Adam;  d = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay p;
 * p = p - lr ||p|| / ||d|| d, with the norms of the whole tensor and the ratio 1 where one of them is 0.
 *
 * source: You et al., "Large batch optimization for deep learning" (2020), https://arxiv.org/abs/1904.00962, algorithm 2 with phi(z) = z
 */
export const lamb: TensorRule<Extract<OptimizerConfig, { type: 'lamb' }>> = {
  state: () => MOMENTS,

  prepare(kernels, config, chunk, { step, weightDecay }) {
    const { parameters, gradient, count } = chunk;
    const [m, v] = updateMoments(kernels, config, chunk);
    const [first, second] = biasCorrections(config, step);
    kernels.lamb_direction(gradient, parameters, m, v, count, first, Math.sqrt(second), config.eps, weightDecay);
    return { parameterSquares: kernels.sum_squares(parameters, count), directionSquares: kernels.sum_squares(gradient, count) };
  },

  trustRatio: ({ parameterSquares, directionSquares }) =>
    parameterSquares > 0 && directionSquares > 0 ? Math.sqrt(parameterSquares) / Math.sqrt(directionSquares) : 1,

  finish(kernels, _config, { parameters, gradient, count }, { lr }, trustRatio) {
    kernels.sgd_step(parameters, gradient, count, lr * trustRatio);
  },
};
