import type { OptimizerConfig } from '../../config/schema/schema.ts';
import { power } from '../../random/elementary.ts';
import type { ChunkRule } from '../rule.ts';
import { decayGradient, decayParameters } from './decay.ts';
import { betasOf, biasCorrections, MOMENTS, updateMoments } from './moments.ts';

/**
 * m and v as in Adam;  mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2);  d = sqrt(v / (1 - beta2^t)) + eps;
 * p = p - lr ((1 - mu_t) / (1 - mu_1 ... mu_t) g / d + mu_{t+1} / (1 - mu_1 ... mu_{t+1}) m / d).
 * Weight decay as in Adam, with decoupled_weight_decay as in AdamW.
 *
 * source: https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 */
export const nadam: ChunkRule<Extract<OptimizerConfig, { type: 'nadam' }>> = {
  state: () => MOMENTS,

  apply(kernels, config, chunk, context) {
    const { parameters, gradient, count } = chunk;
    const { lr, step } = context;
    if (config.decoupled_weight_decay) decayParameters(kernels, chunk, context);
    else decayGradient(kernels, chunk, context);
    const [m, v] = updateMoments(kernels, config, chunk);
    const [beta1] = betasOf(config);
    const mu = momentumAt(beta1, config.momentum_decay, step + 1);
    const nextMu = momentumAt(beta1, config.momentum_decay, step + 2);
    const product = momentumProduct(beta1, config.momentum_decay, step + 1);
    const correction = Math.sqrt(biasCorrections(config, step)[1]);
    kernels.adam_step(parameters, gradient, v, count, (lr * (1 - mu)) / (1 - product), correction, config.eps);
    kernels.adam_step(parameters, m, v, count, (lr * nextMu) / (1 - product * nextMu), correction, config.eps);
  },
};

function momentumAt(beta1: number, decay: number, t: number): number {
  return beta1 * (1 - 0.5 * power(0.96, t * decay));
}

/** The last product found: each step then costs one factor more. A function of its arguments alone, so that a resumed run finds the same. */
let known = { beta1: 0, decay: 0, t: 0, product: 1 };

/** mu_1 mu_2 ... mu_t, multiplied in this order. */
function momentumProduct(beta1: number, decay: number, t: number): number {
  if (known.beta1 !== beta1 || known.decay !== decay || known.t > t) known = { beta1, decay, t: 0, product: 1 };
  while (known.t < t) {
    known.t++;
    // Once underflown it stays 0.
    if (known.product !== 0) known.product *= momentumAt(beta1, decay, known.t);
  }
  return known.product;
}
