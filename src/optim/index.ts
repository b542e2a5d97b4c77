import type { OptimizerConfig } from '../config/schema.ts';
import type { OptimizerType } from './optimizer.ts';
import { sgd } from './sgd.ts';

const optimizerTypes: { [T in OptimizerConfig['type']]: OptimizerType<Extract<OptimizerConfig, { type: T }>> } = { sgd };

/** The implementation of an optimizer by the `type` of its config. */
export function optimizerType(config: OptimizerConfig): OptimizerType<OptimizerConfig> {
  return optimizerTypes[config.type];
}
