import type { OptimizerConfig } from '../config/schema/schema.ts';
import { adadelta } from './adadelta.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { adamw } from './adamw.ts';
import { lamb } from './lamb.ts';
import { lion } from './lion.ts';
import { nadam } from './nadam.ts';
import type { OptimizerType } from './optimizer.ts';
import { radam } from './radam.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';

const optimizerTypes: { [T in OptimizerConfig['type']]: OptimizerType<Extract<OptimizerConfig, { type: T }>> } = {
  sgd,
  adam,
  adamw,
  nadam,
  radam,
  rmsprop,
  adagrad,
  adadelta,
  lion,
  lamb,
};

/** The implementation of an optimizer by the `type` of its config. */
export function optimizerType(config: OptimizerConfig): OptimizerType<OptimizerConfig> {
  return optimizerTypes[config.type];
}
