import type { OptimizerConfig } from '../config/schema/schema.ts';
import type { OptimizerType } from './rule.ts';
import { adadelta } from './rules/adadelta.ts';
import { adagrad } from './rules/adagrad.ts';
import { adam } from './rules/adam.ts';
import { adamw } from './rules/adamw.ts';
import { lamb } from './rules/lamb.ts';
import { lion } from './rules/lion.ts';
import { nadam } from './rules/nadam.ts';
import { radam } from './rules/radam.ts';
import { rmsprop } from './rules/rmsprop.ts';
import { sgd } from './rules/sgd.ts';

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
