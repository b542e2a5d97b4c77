import * as z from 'zod';
import { object, positiveInteger } from '../parts/parts.ts';
import { activation } from './activation.ts';
import { initializer } from './initializer.ts';
import { batchNorm, layerNorm } from './norm.ts';

export const denseLayer = object({
  type: z.literal('dense'),
  units: positiveInteger.max(1_000_000).describe('outputs of the layer'),
  batch_norm: batchNorm.describe('normalises each unit over the rows of the batch, before the activation'),
  layer_norm: layerNorm.describe('normalises each row over the units, before the activation'),
  activation: activation.prefault({ type: 'identity' }).describe('applied to each output'),
  dropout: z.number().min(0).max(0.99).default(0).describe('share of outputs set to 0 in training, after the activation'),
  residual: z.boolean().default(false).describe("adds the layer's input to its output; both must have the same width"),
  init: initializer.optional().describe('overrides model.init for this layer'),
}).describe('each output is a weighted sum of all inputs');

export type DenseConfig = z.output<typeof denseLayer>;
