import type { OptimizerConfig } from '../../config/schema/schema.ts';
import type { ChunkRule } from '../rule.ts';
import { decayGradient, decayParameters } from './decay.ts';
import { betasOf, biasCorrections, MOMENTS, updateMoments } from './moments.ts';

/**
 * m and v as in Adam, mhat = m / (1 - beta1^t);  rho_inf = 2 / (1 - beta2) - 1;  rho = rho_inf - 2 t beta2^t / (1 - beta2^t);
 * where rho > 5: p = p - lr mhat r sqrt(1 - beta2^t) / (sqrt(v) + eps), r = sqrt((rho-4)(rho-2) rho_inf / ((rho_inf-4)(rho_inf-2) rho));
 * else p = p - lr mhat.  Weight decay as in Adam, with decoupled_weight_decay as in AdamW.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 */
export const radam: ChunkRule<Extract<OptimizerConfig, { type: 'radam' }>> = {
  state: () => MOMENTS,

  apply(kernels, config, chunk, context) {
    const { lr, step } = context;
    if (config.decoupled_weight_decay) decayParameters(kernels, chunk, context);
    else decayGradient(kernels, chunk, context);
    const [m, v] = updateMoments(kernels, config, chunk);
    const [, beta2] = betasOf(config);
    const [first, second] = biasCorrections(config, step);
    const limit = 2 / (1 - beta2) - 1;
    const rho = limit - (2 * (step + 1) * (1 - second)) / second;
    if (rho > 5) {
      const rectified = Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
      kernels.adam_step(chunk.parameters, m, v, chunk.count, (lr * rectified * Math.sqrt(second)) / first, 1, config.eps);
    } else {
      kernels.sgd_step(chunk.parameters, m, chunk.count, lr / first);
    }
  },
};
