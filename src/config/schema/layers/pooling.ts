import * as z from 'zod';
import { object } from '../parts/parts.ts';
import { extent, extents, pad, pads } from './extent.ts';

const STRIDE = 'steps from one window to the next. Without it: those of the kernel, so that windows do not overlap';
const dropRest = z
  .boolean()
  .default(false)
  .describe('leaves out what lies behind the last whole window; without it the windows must cover the input');

const ofPictures = (padding: string) => ({
  kernel: extents.describe('extent of a window, or [height, width]'),
  stride: extents.optional().describe(`${STRIDE}; or [down, right]`),
  padding: pads.default(0).describe(`${padding}, at most half of the kernel; or [above and below, left and right]`),
  drop_rest: dropRest,
});

const ofSequences = (padding: string) => ({
  kernel: extent.describe('extent of a window'),
  stride: extent.optional().describe(STRIDE),
  padding: pad.default(0).describe(`${padding}, at most half of the kernel`),
  drop_rest: dropRest,
});

const NEVER_LARGEST = 'places around the input that are never the largest';
const COUNTED = 'zeros around the input, which count in the mean';

export const maxPool2dLayer = object({ type: z.literal('max_pool2d'), ...ofPictures(NEVER_LARGEST) }).describe(
  'the largest value of each window of a picture',
);
export const avgPool2dLayer = object({ type: z.literal('avg_pool2d'), ...ofPictures(COUNTED) }).describe(
  'the mean of each window of a picture',
);
export const maxPool1dLayer = object({ type: z.literal('max_pool1d'), ...ofSequences(NEVER_LARGEST) }).describe(
  'the largest value of each window of a sequence',
);
export const avgPool1dLayer = object({ type: z.literal('avg_pool1d'), ...ofSequences(COUNTED) }).describe(
  'the mean of each window of a sequence',
);
export const globalAvgPoolLayer = object({ type: z.literal('global_avg_pool') }).describe('the mean of each channel: one number a channel');

export type Pool2dConfig = z.output<typeof maxPool2dLayer> | z.output<typeof avgPool2dLayer>;
export type Pool1dConfig = z.output<typeof maxPool1dLayer> | z.output<typeof avgPool1dLayer>;
export type GlobalAvgPoolConfig = z.output<typeof globalAvgPoolLayer>;
