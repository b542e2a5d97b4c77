import type { OptimizerConfig } from '../config/schema.ts';
import type { OptimizerType } from './optimizer.ts';

/** p = p - lr * g, as torch.optim.SGD without momentum. */
export const sgd: OptimizerType<Extract<OptimizerConfig, { type: 'sgd' }>> = {
  state: () => [],
  apply(kernels, _config, chunk, lr) {
    kernels.sgd_step(chunk.parameters, chunk.gradient, chunk.count, lr);
  },
};
