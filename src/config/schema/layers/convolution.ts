import * as z from 'zod';
import { object, positiveInteger } from '../parts/parts.ts';
import { activation } from './activation.ts';
import { extent, extents, pad, paddingWord, pads } from './extent.ts';
import { initializer } from './initializer.ts';
import { batchNorm, layerNorm } from './norm.ts';

const filters = positiveInteger.max(1_000_000).describe('channels that come out');
const STRIDE = 'steps from one place of the kernel to the next';
const DILATION = 'distance of the taps of the kernel; 1: side by side';
const PADDING = 'zeros around the input. same: as many as keep its extent, with stride 1; valid: none';

/** The keys that follow the kernel's, in the order in which they act. */
const common = {
  groups: positiveInteger
    .max(1_000_000)
    .default(1)
    .describe('the channels in and out are split into so many groups, and each group of filters sees its own channels only'),
  bias: z.boolean().default(true).describe('adds a trained number to each channel; needless in front of batch_norm'),
  batch_norm: batchNorm.describe('normalises each channel over the rows of the batch and all places, before the activation'),
  layer_norm: layerNorm.describe('normalises each row over its channels and places, before the activation'),
  activation: activation.prefault({ type: 'identity' }).describe('applied to each output'),
  dropout: z.number().min(0).max(0.99).default(0).describe('share of outputs set to 0 in training, after the activation'),
};
const dropoutOfChannels = z
  .number()
  .min(0)
  .max(0.99)
  .default(0)
  .describe('share of channels of a row that are set to 0 as a whole in training, after the activation');
const ending = {
  residual: z.boolean().default(false).describe("adds the layer's input to its output; both must have the same shape"),
  init: initializer.optional().describe('overrides model.init for this layer'),
};

export const conv2dLayer = object({
  type: z.literal('conv2d'),
  filters,
  kernel: extents.describe('extent of what a filter sees, or [height, width]'),
  stride: extents.default(1).describe(`${STRIDE}, or [down, right]`),
  padding: z.union([pads, paddingWord]).default(0).describe(`${PADDING}; or [above and below, left and right]`),
  dilation: extents.default(1).describe(`${DILATION}; or [down, right]`),
  ...common,
  dropout2d: dropoutOfChannels,
  ...ending,
}).describe('filters that slide over a picture: each output is a weighted sum of what the kernel covers');

export const conv1dLayer = object({
  type: z.literal('conv1d'),
  filters,
  kernel: extent.describe('extent of what a filter sees'),
  stride: extent.default(1).describe(STRIDE),
  padding: z.union([pad, paddingWord]).default(0).describe(PADDING),
  dilation: extent.default(1).describe(DILATION),
  ...common,
  dropout1d: dropoutOfChannels,
  ...ending,
}).describe('filters that slide along a sequence');

export type Conv2dConfig = z.output<typeof conv2dLayer>;
export type Conv1dConfig = z.output<typeof conv1dLayer>;
