import * as z from 'zod';
import { object, positiveInteger } from '../parts/parts.ts';

export const flattenLayer = object({ type: z.literal('flatten') }).describe(
  "all values of a row in one, channel by channel as PyTorch's Flatten; needless in front of dense",
);

export const reshapeLayer = object({
  type: z.literal('reshape'),
  shape: z
    .array(positiveInteger.max(1_000_000))
    .min(2)
    .max(3)
    .describe('[channels, height, width] of a picture, or [channels, length] of a sequence'),
  channels: z
    .enum(['first', 'last'])
    .default('first')
    .describe('how the values lie in the row: channel by channel, or place by place with all channels of each'),
}).describe('flat values as a picture or a sequence: columns of a table that are pixels, or values of one time after the other');

export type FlattenConfig = z.output<typeof flattenLayer>;
export type ReshapeConfig = z.output<typeof reshapeLayer>;
